//! Reports in every form in which they occur, whole and broken.

use super::*;
use crate::billing::column::Column;
use crate::billing::regions::Cloud;

const ALL: RowOptions = RowOptions { tags: true, cost_allocation: false, cloud: Cloud::Public };

/// Reads a file in parts of a given size. Returns each row as a line, and the facts of the report.
fn read_in(
    file: impl AsRef<[u8]>,
    size: usize,
    wanted: RowOptions,
) -> Result<(Vec<String>, Report), String> {
    let (mut rows, mut reader) = (Vec::new(), ReportReader::new(wanted));
    let mut fold = |charge: &Charge<'_>| {
        let date = charge.date.map(|date| date.to_string()).unwrap_or_default();
        let tags: Vec<String> =
            charge.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        rows.push(format!(
            "{date} {} {} {} {:?} {} {} {} [{}]",
            charge.cost,
            charge.currency,
            charge.quantity,
            charge.charge_type,
            charge.instance_id,
            charge[Column::Department],
            charge[Column::ServiceName],
            tags.join(" ")
        ));
    };
    for part in file.as_ref().chunks(size) {
        reader.feed(part, &mut fold).map_err(|error| error.to_string())?;
    }
    let report = reader.finish(&mut fold).map_err(|error| error.to_string())?;
    Ok((rows, report))
}

fn read(file: &str) -> Result<Vec<String>, String> {
    read_in(file, file.len().max(1), ALL).map(|(rows, _)| rows)
}

const NEW: &str = "\u{feff}InvoiceSectionName,Date,CostInBillingCurrency,BillingCurrencyCode,Quantity,ResourceId,Tags,MeterCategory,ChargeType\r\n\
    Retail,11/20/2026,1.25,EUR,3,/x/a,\"\"\"team\"\": \"\"shop\"\",\"\"env\"\": \"\"prod\"\"\",Storage,Usage\r\n\
    Retail,11/02/2026,-0.5,EUR,0,,,\"Virtual\nMachines, \"\"all\"\"\",Refund\r\n";

#[test]
fn a_report_is_read_in_parts_of_any_size() {
    let expected = [
        "2026-11-20 1.25 EUR 3 Usage /x/a Retail Storage [team=shop env=prod]",
        "2026-11-02 -0.5 EUR 0 Refund  Retail Virtual\nMachines, \"all\" []",
    ];
    for size in 1..NEW.len() {
        let (rows, report) = read_in(NEW, size, ALL).unwrap();
        assert_eq!(rows, expected, "in parts of {size}");
        assert_eq!(
            report,
            Report {
                rows: 2,
                allocated: 0,
                rounded: 0,
                unreadable_dates: 0,
                bytes: NEW.len() as u64
            }
        );
    }
}

#[test]
fn halves_of_a_character_in_two_fields_stay_two_fields() {
    // Together the last byte of the department and the first of the currency would be a letter.
    // Tags with quotes are why a record is copied.
    let file = b"Tags,DepartmentName,ResourceGroup,BillingCurrencyCode,Cost,Date\n\
        \"\"\"a\"\": \"\"b\"\"\",R\xcf,,\xafEUR,1,11/20/2026\n\
        ,R\xcf,,\xafEUR,1,11/20/2026\n";
    let (whole, _) = read_in(file, file.len(), ALL).unwrap();
    let expected = "2026-11-20 1 \u{fffd}EUR 0 Usage  R\u{fffd}  []";
    assert_eq!(whole, [expected.replace("[]", "[a=b]"), expected.to_owned()]);
    for size in 1..file.len() {
        assert_eq!(read_in(file, size, ALL).unwrap().0, whole, "in parts of {size}");
    }
}

#[test]
fn a_part_without_a_byte_is_not_the_end() {
    let file = "Date,Cost,Currency,MeterCategory\n2026-11-09,2,USD,Compute\n";
    for at in 0..=file.len() {
        let (mut rows, mut reader) = (0, ReportReader::new(ALL));
        let (start, rest) = file.as_bytes().split_at(at);
        for part in [start, b"", b"", rest, b""] {
            reader.feed(part, &mut |_| rows += 1).unwrap();
        }
        assert_eq!(reader.finish(&mut |_| rows += 1).unwrap().rows, 1, "cut at {at}");
        assert_eq!(rows, 1, "cut at {at}");
    }
}

#[test]
fn columns_are_found_by_name_in_every_generation() {
    let row = "2026-11-09 2 USD 1 Usage /x/b Ops Compute []";
    for file in [
        "InvoiceSection,Date,Cost,BillingCurrency,Quantity,ResourceId,MeterCategory\nOps,11/09/2026,2,USD,1,/x/b,Compute\n",
        "date,metercategory,COSTINBILLINGCURRENCY,billingCurrency,quantity,resourceId,invoiceSectionName,unknown\n2026-11-09,Compute,2,USD,1,/x/b,Ops,?\n",
        "DepartmentName,UsageDateTime,PreTaxCost,Currency,UsageQuantity,InstanceId,MeterCategory\nOps,2026-11-09 00:00:00,2,USD,1,/x/b,Compute\n",
        "Abteilung (DepartmentName),Datum (Date),Kosten (Cost),Währung (BillingCurrency),Menge (Quantity),Ressourcen-ID (ResourceId),Kategorie (MeterCategory)\nOps,9/11/2026,2,USD,1,/x/b,Compute\n",
        // Columns of both generations at once: the newer one counts.
        "Cost,CostInBillingCurrency,Date,BillingCurrencyCode,Quantity,ResourceId,MeterCategory,InvoiceSectionName\n99,2,11/9/2026,USD,1,/x/b,Compute,Ops\n",
    ] {
        let row =
            if file.contains("9/11/2026") { row.replace("11-09", "09-11") } else { row.to_owned() };
        assert_eq!(read(file).unwrap(), [row], "{file}");
    }
}

#[test]
fn a_last_line_needs_no_end_but_a_quoted_field_does() {
    let header = "Date,Cost,Currency,MeterCategory\n";
    let row = |rest: &str| read(&format!("{header}2026-11-09,2,USD,{rest}"));
    assert_eq!(row("Compute").unwrap().len(), 1);
    assert_eq!(row("\"Compute\"").unwrap().len(), 1);
    assert_eq!(row("\"Compute\"\r\n\r\n").unwrap().len(), 1);
    for cut in ["\"", "\"Comp", "\"Comp\n", "\"Comp\"\"", "\"Comp\"\"\n2026-11-10,3,USD,Storage\n"]
    {
        assert_eq!(
            row(cut).unwrap_err(),
            "row 1 of the report: the report ends inside a quoted field",
            "{cut:?}"
        );
    }
    assert_eq!(read(header).unwrap(), [""; 0], "a report without rows");
}

#[test]
fn what_is_no_report_is_told_with_its_row() {
    let header = "Date,Cost,Currency,Tags\n";
    for (file, error) in [
        ("", "header: the report has no header"),
        ("\u{feff}", "header: the report has no header"),
        (
            "<html><body>Sign in</body></html>\n",
            "header: no column for the cost; this is not a cost details report",
        ),
        ("Cost,Date\n", "header: no column for the currency; this is not a cost details report"),
        ("Cost,Currency\n", "header: no column for the date; this is not a cost details report"),
        (
            &format!("{header}2026-11-09,2,USD,\n2026-11-09,2,USD\n"),
            "row 2 of the report: 3 fields where the header has 4",
        ),
        (
            &format!("{header}2026-11-09,2,USD,,\n"),
            "row 1 of the report: 5 fields where the header has 4",
        ),
        (
            &format!("{header}2026-11-09,NaN,USD,\n"),
            "row 1 of the report: cost \"NaN\": not a decimal number",
        ),
        (
            &format!("{header}2026-11-09,1e400,USD,\n"),
            "row 1 of the report: cost \"1e400\": more than 30 digits before the decimal point",
        ),
        (
            &format!("{header}2026-11-09,2,USD,\"{}", "x".repeat(2 << 20)),
            "row 1 of the report: a row without an end; a quote is missing",
        ),
        (&format!("{}\n", ",".repeat(2000)), "header: a row without an end; a quote is missing"),
    ] {
        assert_eq!(read(file).unwrap_err(), error, "{}", &file[..file.len().min(80)]);
    }
}

#[test]
fn rows_that_only_move_costs_are_left_out_and_counted_or_kept_on_request() {
    let file = "Date,Cost,Currency,CostAllocationRuleName\n2026-11-09,2,USD,\n2026-11-09,-2,USD,share\n2026-11-09,2,USD,share\n";
    let (rows, report) = read_in(file, 7, ALL).unwrap();
    assert_eq!(
        (rows.len(), report),
        (
            1,
            Report {
                rows: 1,
                allocated: 2,
                rounded: 0,
                unreadable_dates: 0,
                bytes: file.len() as u64
            }
        )
    );
    let (rows, report) = read_in(file, 7, RowOptions { cost_allocation: true, ..ALL }).unwrap();
    assert_eq!(
        (rows.len(), report),
        (
            3,
            Report {
                rows: 3,
                allocated: 0,
                rounded: 0,
                unreadable_dates: 0,
                bytes: file.len() as u64
            }
        )
    );
}

#[test]
fn tags_that_nobody_wants_are_not_looked_at() {
    let file = "Date,Cost,Currency,Tags\n2026-11-09,2,USD,no tags at all\n";
    assert!(read_in(file, 100, RowOptions { tags: false, ..ALL }).is_ok());
}

/// Reads samples of other projects, if they are present.
#[test]
fn reports_of_others_are_read() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/samples/report");
    for name in [
        "opencost__Enterprise.csv",
        "opencost__EnterpriseCamel.csv",
        "microsoft__EA_ActualCost_Small.csv",
    ] {
        let Ok(file) = std::fs::read_to_string(folder.join(name)) else { continue };
        let rows = file.lines().filter(|line| !line.is_empty()).count() - 1;
        assert_eq!(read(&file).unwrap().len(), rows, "{name}");
    }
}
