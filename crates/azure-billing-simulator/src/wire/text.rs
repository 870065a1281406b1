//! Texts that both shapes share.

use super::{
    super::{
        calendar::date_of,
        chance::{guid, hash_text},
        row::Row,
    },
    style::Style,
};

/// Returns the usage date in one of the spellings seen, all of them midnight UTC.
pub(super) fn day_start(row: &Row) -> String {
    let date = date_of(row.dated);
    if row.spelling.is_multiple_of(4) {
        format!("{date}T00:00:00Z")
    } else {
        format!("{date}T00:00:00.0000000Z")
    }
}

/// Returns the product of a row, as `Virtual Machines Dsv5 Series - D4s v5 - USEast2`.
pub(in super::super) fn product(row: &Row) -> String {
    let meter = row.meter;
    let place = row.location.unwrap_or("Global");
    [meter.category, " ", meter.subcategory, " - ", meter.name, " - ", place].concat()
}

/// Returns a part number in the style of the price sheet.
pub(in super::super) fn part_number(row: &Row) -> String {
    format!("AAH-{:05}", hash_text(row.meter.name) % 100_000)
}

/// Returns JSON for a JSON string, if it is requested and known.
pub(super) fn information(row: &Row, style: &Style) -> Option<String> {
    let resource = row.resource.as_ref().filter(|_| style.additional_info)?;
    let name = resource.name();
    Some(format!(
        "{{\"UsageType\":\"{}\",\"ImageType\":\"Canonical\",\"ServiceType\":\"Standard_D4s_v5\",\"VMName\":\"{name}\",\"VMProperties\":\"\",\"UsageUnits\":\"{}\"}}",
        row.meter.category, row.meter.unit
    ))
}

/// Returns the meter's GUID.
pub(in super::super) fn meter_id(row: &Row) -> String {
    guid(meter_key(row))
}

/// Returns a number for each meter, by which rows are grouped. Rows without a meter of Azure's share
/// one, as they share the GUID of zeros.
pub(in super::super) fn meter_key(row: &Row) -> u64 {
    if row.charge.is_marketplace() {
        return 0;
    }
    hash_text(row.meter.name) ^ hash_text(row.meter.category)
}
