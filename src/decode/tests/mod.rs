//! The same rows by list and by report: whatever is wrong in them, both produce the same charge.

mod texts;
mod values;

use super::*;
use crate::billing::charge::{Charge, Degradation};
use crate::billing::regions::Cloud;

const WANTED: RowOptions = RowOptions { tags: true, cost_allocation: false, cloud: Cloud::Public };

/// A charge as text: the whole of it, and the part that the tables below name.
type Read = (String, String);

fn shown(charge: &Charge<'_>) -> Read {
    let date = charge.date.map_or("-".to_owned(), |date| date.to_string());
    let tags = charge.tags.iter().map(|(key, value)| format!("{key}={value}"));
    let degraded = Degradation::ALL.into_iter().filter(|it| charge.degraded.contains(*it));
    let short = format!(
        "{date} {} {} {} [{}] {}",
        charge.cost,
        charge.currency,
        charge.instance_name,
        tags.collect::<Vec<_>>().join(" "),
        degraded.map(Degradation::as_str).collect::<Vec<_>>().join(" "),
    );
    (format!("{charge:#?}"), short.trim_end().to_owned())
}

/// Reads a page as the client does: repaired if that is necessary.
fn list(body: &[u8], wanted: RowOptions) -> Result<(Vec<Read>, Page), String> {
    let mut rows = Vec::new();
    let error = match read_page(body, wanted, |charge| rows.push(shown(charge))) {
        Ok(page) => return Ok((rows, page)),
        Err(error) => error.to_string(),
    };
    rows.clear();
    let page = read_repaired_page(body, wanted, |charge| rows.push(shown(charge)));
    page.map(|page| (rows, page)).ok_or(error)
}

fn report(file: &[u8], wanted: RowOptions) -> Result<(Vec<Read>, Report), String> {
    let (mut rows, mut reader) = (Vec::new(), ReportReader::new(wanted));
    let mut fold = |charge: &Charge<'_>| rows.push(shown(charge));
    reader.feed(file, &mut fold).map_err(|error| error.to_string())?;
    let report = reader.finish(&mut fold).map_err(|error| error.to_string())?;
    Ok((rows, report))
}

const HEADER: &str = "Date,CostInBillingCurrency,Quantity,BillingCurrencyCode,ResourceName,Tags,EffectivePrice,UnitPrice,BillingPeriodStartDate,BillingAccountId,ResourceLocation,MeterId,benefitId,benefitName,ReservationId,ReservationName,PayGPrice,IsAzureCreditEligible,Frequency,Term\n";

/// A row in the form of the list and of the report, with the fields that both have.
#[derive(Clone)]
struct Row {
    /// Each field's name, its JSON and its CSV.
    fields: Vec<(&'static str, Vec<u8>, Vec<u8>)>,
}

impl Row {
    /// Returns a row of the most common form.
    fn usual() -> Self {
        let row = Self { fields: Vec::new() };
        row.with("date", "\"2026-11-20T00:00:00Z\"", "11/20/2026")
            .with("costInBillingCurrency", "1.5", "1.5")
            .with("quantity", "1", "1")
            .with("billingCurrencyCode", "\"EUR\"", "EUR")
            .with("resourceName", "\"vm\"", "vm")
            .with("tags", "{\"team\": \"web\"}", "\"team\": \"web\"")
            .with("effectivePrice", "1.5", "1.5")
            .with("unitPrice", "1.5", "1.5")
            .with("billingPeriodStartDate", "\"2026-11-01T00:00:00Z\"", "11/01/2026")
            .with("billingAccountId", "\"1000001\"", "1000001")
            .with("resourceLocation", "\"EU West\"", "EU West")
            .with("meterId", "\"0000000A\"", "0000000A")
            .with("benefitId", "null", "")
            .with("benefitName", "\"\"", "")
            .with("reservationId", "\"r-1\"", "r-1")
            .with("reservationName", "\"Small\"", "Small")
            .with("payGPrice", "2.25", "2.25")
            .with("isAzureCreditEligible", "true", "True")
            .with("frequency", "\"UsageBased\"", "UsageBased")
            .with("term", "12", "12")
    }

    fn with(mut self, name: &'static str, json: impl Into<Vec<u8>>, csv: impl AsRef<[u8]>) -> Self {
        let quoted = csv.as_ref().iter().flat_map(|byte| match byte {
            b'"' => b"\"\"".to_vec(),
            byte => vec![*byte],
        });
        let csv = b"\"".iter().copied().chain(quoted).chain(*b"\"").collect();
        match self.fields.iter_mut().find(|(known, ..)| *known == name) {
            Some(field) => *field = (name, json.into(), csv),
            None => self.fields.push((name, json.into(), csv)),
        }
        self
    }

    fn json(&self) -> Vec<u8> {
        let field = |(name, json, _): &(&str, Vec<u8>, Vec<u8>)| {
            [format!("\"{name}\":").as_bytes(), json].concat()
        };
        let (tags, properties): (Vec<_>, Vec<_>) =
            self.fields.iter().partition(|(name, ..)| *name == "tags");
        let properties: Vec<_> = properties.into_iter().map(field).collect();
        let tags: Vec<_> = tags.into_iter().map(field).collect();
        let (properties, tags) = (properties.join(&b","[..]), tags.join(&b","[..]));
        [b"{", tags.as_slice(), b",\"properties\":{", &properties, b"}}"].concat()
    }

    fn csv(&self) -> Vec<u8> {
        let fields: Vec<_> = self.fields.iter().map(|(_, _, csv)| csv.as_slice()).collect();
        [fields.join(&b","[..]), b"\n".to_vec()].concat()
    }
}

fn page_of(rows: &[Row]) -> Vec<u8> {
    let rows: Vec<_> = rows.iter().map(Row::json).collect();
    [b"{\"value\":[", rows.join(&b","[..]).as_slice(), b"]}"].concat()
}

fn report_of(rows: &[Row]) -> Vec<u8> {
    let rows = rows.iter().flat_map(Row::csv);
    HEADER.bytes().chain(rows).collect()
}

/// Reads rows both ways, compares them, and returns the result.
fn both(rows: &[Row], wanted: RowOptions) -> Vec<Read> {
    let (listed, page) = list(&page_of(rows), wanted).unwrap();
    let (reported, report) = report(&report_of(rows), wanted).unwrap();
    for (listed, reported) in listed.iter().zip(&reported) {
        assert_eq!(listed.0, reported.0, "the list's charge and the report's");
    }
    assert_eq!(listed.len(), reported.len());
    assert_eq!(
        (page.rows, page.unreadable_dates, page.rounded),
        (report.rows, report.unreadable_dates, report.rounded)
    );
    listed
}

/// Reads each row of a table both ways, separately and all together, and compares.
fn assert_rows(table: Vec<(Row, &str)>, wanted: RowOptions) {
    for (row, expected) in &table {
        let read = both(std::slice::from_ref(row), wanted);
        assert_eq!(read[0].1, *expected, "{}", String::from_utf8_lossy(&row.json()));
    }
    let (rows, expected): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let together: Vec<_> = both(&rows, wanted).into_iter().map(|(_, short)| short).collect();
    assert_eq!(together, expected);
}

/// Returns one field of a charge's whole text, or one of its columns.
fn field<'c>(charge: &'c str, name: &str) -> &'c str {
    let start = format!(" {name}: ");
    charge.split_once(&start).unwrap().1.split(",\n").next().unwrap()
}
