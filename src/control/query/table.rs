//! A page of the answer: columns, and rows of values in their order.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::billing::amount::Amount;
use crate::billing::period::DayRange;
use crate::control::value::{amount, currency, day, shown};

/// The names of the column with the cost. Asked for `Cost`, Azure has answered `PreTaxCost`; the
/// last is the name that the question gives to it. Costs in US dollars have other names.
const COST: &[&str] = &["Cost", "PreTaxCost", "totalCost"];
const USAGE_DATE: &[&str] = &["UsageDate"];
const CURRENCY: &[&str] = &["Currency"];

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    properties: Table<'a>,
}

#[derive(Deserialize)]
struct Table<'a> {
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
    columns: Vec<Column>,
    #[serde(borrow)]
    rows: Vec<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// Adds the costs of a page to those before it and returns the link to the next page. Rows of one
/// day and currency add up: each is the sum of some part of it.
pub(crate) fn read_page(
    body: &[u8],
    asked: DayRange,
    costs: &mut BTreeMap<(Date, String), Amount>,
) -> Result<Option<String>, String> {
    let page: Page<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let Table { next_link, columns, rows } = page.properties;
    let next_link = next_link.filter(|link| !link.trim().is_empty());
    if rows.is_empty() {
        return Ok(next_link);
    }
    let [cost, date, unit] =
        [column(&columns, COST)?, column(&columns, USAGE_DATE)?, column(&columns, CURRENCY)?];
    for (index, row) in rows.iter().enumerate() {
        let wrong = |why: String| format!("row {}: {why}", index + 1);
        if row.len() != columns.len() {
            let what = format!("{} values in {} columns", row.len(), columns.len());
            return Err(wrong(what));
        }
        let value = |place: usize| row.get(place).copied();
        let date = day("UsageDate", value(date)).map_err(wrong)?;
        if !asked.contains(date) {
            return Err(wrong(format!("{date} was not asked for, but {asked}")));
        }
        let key = (date, currency(value(unit)).map_err(wrong)?);
        *costs.entry(key).or_default() += amount("Cost", value(cost)).map_err(wrong)?;
    }
    Ok(next_link)
}

/// Returns the place of the one column that has one of the names, in any case.
fn column(columns: &[Column], names: &[&str]) -> Result<usize, String> {
    let is_one =
        |column: &Column| names.iter().any(|name| column.name.trim().eq_ignore_ascii_case(name));
    let mut found = columns.iter().enumerate().filter(|(_, column)| is_one(column));
    let (Some((place, _)), None) = (found.next(), found.next()) else {
        let all: Vec<String> = columns.iter().map(|column| shown(&column.name)).collect();
        let names = names.join(" or ");
        return Err(format!("not one column {names} among {}", all.join(", ")));
    };
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NOVEMBER: DayRange = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 30) };

    fn page(columns: &[&str], rows: &str) -> String {
        let columns: Vec<String> =
            columns.iter().map(|name| format!(r#"{{"name":"{name}","type":"x"}}"#)).collect();
        let columns = columns.join(",");
        format!(r#"{{"properties":{{"nextLink":null,"columns":[{columns}],"rows":[{rows}]}}}}"#)
    }

    fn read(body: &str) -> Result<Vec<String>, String> {
        let mut costs = BTreeMap::new();
        read_page(body.as_bytes(), NOVEMBER, &mut costs)?;
        let line =
            |((date, unit), cost): (&(Date, String), &Amount)| format!("{date} {cost} {unit}");
        Ok(costs.iter().map(line).collect())
    }

    #[test]
    fn columns_are_found_by_name_and_amounts_stay_exact() {
        let expected = ["2026-11-01 2.10333307059661 USD", "2026-11-02 -0.000015 USD"];
        for (columns, rows) in [
            (
                &["Cost", "UsageDate", "Currency"][..],
                r#"[2.10333307059661,20261101,"USD"],[-1.5E-05,20261102,"USD"]"#,
            ),
            (
                &["currency", "USAGEDATE", "PreTaxCost"],
                r#"["usd ","2026-11-01T00:00:00",2.10333307059661],["USD",20261102,-0.000015]"#,
            ),
            (
                &["totalCost", "CostUSD", "ChargeType", "UsageDate", "Currency"],
                r#"[1,9,"usage",20261101,"USD"],[1.10333307059661,9,"purchase",20261101,"USD"],[-0.000015,9,null,20261102,"USD"]"#,
            ),
        ] {
            assert_eq!(read(&page(columns, rows)).unwrap(), expected, "{columns:?}");
        }
        let two = r#"[1,20261101,"USD"],[2,20261101,"EUR"]"#;
        let read_both = read(&page(&["Cost", "UsageDate", "Currency"], two)).unwrap();
        assert_eq!(read_both, ["2026-11-01 2 EUR", "2026-11-01 1 USD"], "currencies stay apart");
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        let usual = &["Cost", "UsageDate", "Currency"][..];
        for (columns, rows, why) in [
            (
                usual,
                r#"[1,20261201,"USD"]"#,
                "row 1: 2026-12-01 was not asked for, but 2026-11-01..2026-11-30",
            ),
            (usual, r#"[1,20261101,"USD"],[1,20261101]"#, "row 2: 2 values in 3 columns"),
            (usual, r#"[null,20261101,"USD"]"#, "row 1: Cost is missing"),
            (usual, r#"[1,20261101,null]"#, "row 1: `` is not a currency"),
            (usual, r#"[1,"today","USD"]"#, "row 1: UsageDate `today` is not a date"),
            (
                &["CostUSD", "UsageDate", "Currency"],
                r#"[1,20261101,"USD"]"#,
                "not one column Cost or PreTaxCost or totalCost among `CostUSD`, `UsageDate`, `Currency`",
            ),
            (
                &["Cost", "PreTaxCost", "UsageDate", "Currency"],
                r#"[1,1,20261101,"USD"]"#,
                "not one column Cost or PreTaxCost or totalCost among `Cost`, `PreTaxCost`, `UsageDate`, `Currency`",
            ),
            (
                &["Cost", "BillingMonth", "Currency"],
                r#"[1,"2026-11-01T00:00:00","USD"]"#,
                "not one column UsageDate among `Cost`, `BillingMonth`, `Currency`",
            ),
        ] {
            assert_eq!(read(&page(columns, rows)).unwrap_err(), why);
        }
        assert_eq!(read(&page(&[], "")).unwrap(), [""; 0], "no rows need no columns");
        for none in ["{}", "[]", "", r#"{"properties":{"rows":[]}}"#, r#"{"properties":null}"#] {
            assert!(read(none).is_err(), "{none}");
        }
    }
}
