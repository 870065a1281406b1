//! Costs, dates, prices and regions.

use super::*;
use crate::billing::regions::location;

#[test]
fn a_row_without_a_cost_counts_as_nothing_and_says_so() {
    let cost = |json: &str, csv: &str| Row::usual().with("costInBillingCurrency", json, csv);
    let table = vec![
        (cost("null", ""), "2026-11-20 0 EUR vm [team=web] no_cost"),
        (cost("\"\"", " "), "2026-11-20 0 EUR vm [team=web] no_cost"),
        (cost("0", "0"), "2026-11-20 0 EUR vm [team=web]"),
        (cost("\"1.50\"", "1.50"), "2026-11-20 1.5 EUR vm [team=web]"),
        (cost("-2e-3", "-2e-3"), "2026-11-20 -0.002 EUR vm [team=web]"),
        (Row::usual().with("quantity", "null", ""), "2026-11-20 1.5 EUR vm [team=web]"),
    ];
    assert_rows(table, WANTED);
    let absent = br#"{"value":[{"properties":{"date":"2026-11-20","quantity":1}}]}"#;
    assert_eq!(list(absent, WANTED).unwrap().0[0].1, "2026-11-20 0   [] no_cost");
    for (json, csv, why) in [
        ("\"dear\"", "dear", "cost \"dear\": not a decimal number"),
        ("\"NaN\"", "NaN", "cost \"NaN\": not a decimal number"),
        ("1e99", "1e99", "cost \"1e99\": more than 30 digits before the decimal point"),
    ] {
        let rows = [Row::usual(), cost(json, csv)];
        let listed = list(&page_of(&rows), WANTED).unwrap_err();
        assert!(listed.starts_with(&format!("after row 1: row 2 of the page: {why}")), "{listed}");
        let reported = report(&report_of(&rows), WANTED).unwrap_err();
        assert_eq!(reported, format!("row 2 of the report: {why}"));
    }
}

#[test]
fn a_row_without_a_date_that_can_be_read_has_none_and_says_so() {
    let date = |json: &str, csv: &str| Row::usual().with("date", json, csv);
    let none = "- 1.5 EUR vm [team=web] no_date";
    let absent = vec![
        (date("null", ""), none),
        (date("\" \"", " "), none),
        (date("\"0001-01-01T00:00:00Z\"", "01/01/0001"), none),
    ];
    let unreadable = vec![
        (date("\"13/13/2026\"", "13/13/2026"), none),
        (date("\"11/09/26\"", "11/09/26"), none),
        (date("\"yesterday\"", "yesterday"), none),
        (date("\"2026-02-30\"", "2026-02-30"), none),
        (date("20", "20"), none),
    ];
    for (table, count) in [(absent, 0), (unreadable, 5)] {
        let rows: Vec<Row> = table.iter().map(|(row, _)| row.clone()).collect();
        assert_eq!(list(&page_of(&rows), WANTED).unwrap().1.unreadable_dates, count);
        assert_eq!(report(&report_of(&rows), WANTED).unwrap().1.unreadable_dates, count);
        assert_rows(table, WANTED);
    }
    let (rows, page) = list(&page_of(&[date("{}", "")]), WANTED).unwrap();
    assert_eq!(rows[0].1, "- 1.5 EUR vm [team=web] text no_date");
    assert_eq!(page.unreadable_dates, 1, "an object is a date that cannot be read");
}

#[test]
fn rows_say_in_which_period_and_to_which_account_they_are_billed() {
    for (json, csv, expected) in [
        ("\"2026-10-01T00:00:00.0000000Z\"", "10/01/2026", "Some(\n        2026-10-01"),
        ("\"0001-01-01\"", "01/01/0001", "None"),
        ("null", "", "None"),
        ("\"soon\"", "soon", "None"),
    ] {
        let row = Row::usual().with("billingPeriodStartDate", json, csv);
        let read = both(&[Row::usual(), row, Row::usual()], WANTED);
        assert_eq!(field(&read[1].0, "billing_period_start"), expected);
        assert_eq!(read[1].1, "2026-11-20 1.5 EUR vm [team=web]", "no reason to degrade it");
    }
    for (json, csv, expected) in [
        ("\"2000002\"", "2000002", "\"2000002\""),
        ("2000002", "2000002", "\"2000002\""),
        ("\"a:b_2019-05-31\"", "a:b_2019-05-31", "\"a:b_2019-05-31\""),
        ("null", "", "\"\""),
    ] {
        let read = both(&[Row::usual().with("billingAccountId", json, csv)], WANTED);
        assert_eq!(field(&read[0].0, "billing_account"), expected);
    }
}

#[test]
fn only_usage_that_costs_nothing_has_a_price() {
    for (cost, quantity, effective, unit, expected) in [
        ("0", "1", "0.1", "0", "Payable"),
        ("0", "1", "", "0.1", "Payable"),
        ("0", "1", "0", "0.1", "Listed"),
        ("0", "1", "0", "0", "Unnamed"),
        ("0", "1", "", "", "Unnamed"),
        ("0", "1", "dear", "0.1", "Payable"),
        ("", "1", "0.1", "", "Payable"),
        ("0", "0", "0.1", "0.1", "Unnamed"),
        ("0", "", "0.1", "0.1", "Unnamed"),
        ("1", "1", "0.1", "0.1", "Unnamed"),
    ] {
        let json = |text: &str| match text {
            "" => "null".to_owned(),
            text if text.parse::<f64>().is_ok() => text.to_owned(),
            text => format!("\"{text}\""),
        };
        let row = Row::usual()
            .with("costInBillingCurrency", json(cost), cost)
            .with("quantity", json(quantity), quantity)
            .with("effectivePrice", json(effective), effective)
            .with("unitPrice", json(unit), unit);
        let case = format!("{cost} {quantity} {effective} {unit}");
        assert_eq!(field(&both(&[row], WANTED)[0].0, "price"), expected, "{case}");
    }
}

#[test]
fn ch_north_is_in_china_in_the_china_cloud_and_in_switzerland_elsewhere() {
    let table = [
        ("CH North", "chinanorth", "switzerlandnorth"),
        ("chnorth", "chinanorth", "switzerlandnorth"),
        ("CH North 2", "chinanorth2", "chnorth2"),
        ("CH East", "chinaeast", "cheast"),
        ("CHEast3", "chinaeast3", "cheast3"),
        ("CN North", "chinanorth", "chinanorth"),
        ("EU West", "westeurope", "westeurope"),
        ("", "", ""),
    ];
    for cloud in Cloud::ALL {
        for (sent, in_china, elsewhere) in table {
            let row = Row::usual().with("resourceLocation", format!("\"{sent}\""), sent);
            let read = both(&[row], RowOptions { cloud, ..WANTED });
            let place = field(&read[0].0, "location").trim_matches('"');
            let expected = if cloud == Cloud::China { in_china } else { elsewhere };
            assert_eq!(location(place), expected, "{sent} in {}", cloud.as_str());
            if cloud != Cloud::China {
                assert_eq!(place, sent, "as sent");
            }
        }
    }
}

#[test]
fn what_lines_of_charges_need_is_read_from_lists_and_reports() {
    let usual = both(&[Row::usual().with("quantity", "0.5", "0.5")], WANTED);
    for (name, expected) in [
        ("meter_id", "\"0000000A\""),
        ("benefit", "\"r-1\""),
        ("benefit_name", "\"Small\""),
        ("credit_eligible", "Some(\n        true"),
        ("frequency", "\"UsageBased\""),
        ("term", "\"12\""),
        ("list_price", "\"2.25\""),
    ] {
        assert_eq!(field(&usual[0].0, name), expected, "{name}");
    }
    let plan = Row::usual().with("benefitId", "\"/a/p-1\"", "/a/p-1").with(
        "benefitName",
        "\"Plan\"",
        "Plan",
    );
    let plan = &both(&[plan], WANTED)[0].0;
    assert_eq!((field(plan, "benefit"), field(plan, "benefit_name")), ("\"/a/p-1\"", "\"Plan\""));
    for (json, csv, expected) in [
        ("false", "False", "Some(\n        false"),
        ("\"False\"", "false", "Some(\n        false"),
        ("null", "", "None"),
        ("\"maybe\"", "maybe", "None"),
    ] {
        let read = both(&[Row::usual().with("isAzureCreditEligible", json, csv)], WANTED);
        assert_eq!(field(&read[0].0, "credit_eligible"), expected, "{json}");
        assert_eq!(read[0].1, "2026-11-20 1.5 EUR vm [team=web]", "no reason to degrade it");
    }
    for (json, csv, expected) in [("\"2.0\"", "2.0", "\"2.0\""), ("null", "", "\"\"")] {
        let read = both(&[Row::usual().with("payGPrice", json, csv)], WANTED);
        assert_eq!(field(&read[0].0, "list_price"), expected, "{json}");
    }
    // What usage costs nothing of is priced nevertheless.
    let free = Row::usual().with("costInBillingCurrency", "0", "0").with("quantity", "0.5", "0.5");
    let paid = Row::usual().with("costInBillingCurrency", "0.75", "0.75");
    let read = both(&[free, paid], WANTED);
    let effective = |read: &Read| {
        let start = read.0.find("effective_cost: ").unwrap();
        read.0[start..].split("\n    }").next().unwrap().to_owned()
    };
    assert_eq!(effective(&read[0]), effective(&read[1]));
    assert_ne!(effective(&read[0]), effective(&both(&[Row::usual()], WANTED)[0]));
}

#[test]
fn the_old_shape_and_the_modern_one_name_the_meter_and_the_benefit() {
    let old = br#"{"value":[{"properties":{"usageStart":"2026-11-20","pretaxCost":1,"currency":"EUR","meterId":"m-1"}}]}"#;
    let (rows, _) = list(old, WANTED).unwrap();
    assert_eq!(field(&rows[0].0, "meter_id"), "\"m-1\"");
    assert_eq!(field(&rows[0].0, "credit_eligible"), "None");
    let modern = br#"{"value":[{"kind":"modern","properties":{"date":"2026-11-20","costInBillingCurrency":1,"billingCurrencyCode":"EUR","meterId":"m-2","benefitId":"b-1","benefitName":"Plan","isAzureCreditEligible":false,"term":"36","quantity":2,"payGPrice":0.5}}]}"#;
    let (rows, _) = list(modern, WANTED).unwrap();
    assert_eq!(field(&rows[0].0, "meter_id"), "\"m-2\"");
    assert_eq!(field(&rows[0].0, "benefit_name"), "\"Plan\"");
    assert_eq!(field(&rows[0].0, "term"), "\"36\"");
}
