//! Properties of a row in the shape of api-versions up to 2019-01-01: no charge type, and the cost
//! is `pretaxCost`.

use super::{
    super::{
        calendar::date_of,
        chance::guid,
        charges::Part,
        enrollment::{SUBSCRIPTIONS, account_of, department_of, subscription_id},
        json::Object,
        money::json_number,
        row::Row,
    },
    style::Style,
    text::{information, meter_id, part_number, product},
};

/// Appends every property; `period` is the path that `billingPeriodId` repeats.
pub(super) fn write(object: &mut Object<'_>, row: &Row, style: &Style, period: &str) {
    let date = date_of(row.dated);
    object
        .text("billingPeriodId", period)
        .text("usageStart", &format!("{date}T00:00:00Z"))
        .text("usageEnd", &format!("{date}T23:59:59Z"));
    write_instance(object, row, style);
    let cost = json_number(row.cost(style.view).units(), 15);
    object
        .text("currency", row.currency)
        .raw("usageQuantity", &json_number(row.quantity.into(), 6))
        .raw("pretaxCost", &cost)
        .boolean("isEstimated", row.spelling.is_multiple_of(3))
        .text("meterId", &meter_id(row));
    write_meter(object, row, style);
    write_payer(object, row);
    object
        .text("partNumber", &part_number(row))
        .text("resourceGuid", &guid(row.spelling))
        .text("offerId", "MS-AZR-0017P")
        .boolean("chargesBilledSeparately", row.charge.part() != Part::Credit)
        .optional("additionalProperties", information(row, style).as_deref());
}

fn write_instance(object: &mut Object<'_>, row: &Row, style: &Style) {
    let name = row.resource.as_ref().map_or_else(String::new, |resource| resource.name());
    object
        .text("instanceName", &name)
        .text("instanceId", &row.resource_id().unwrap_or_default())
        .text("instanceLocation", row.location.unwrap_or(""));
    if style.version.as_str() >= "2018-06-30" {
        object.text("location", row.location.unwrap_or("Unassigned"));
    }
}

fn write_meter(object: &mut Object<'_>, row: &Row, style: &Style) {
    if !style.meter_details {
        object.null("meterDetails");
        return;
    }
    let mut details = object.object("meterDetails");
    details
        .text("meterName", row.meter.name)
        .text("meterCategory", row.meter.category)
        .text("meterSubCategory", row.meter.subcategory)
        .text("unit", row.meter.unit)
        .text("meterLocation", row.location.unwrap_or(""))
        .raw("totalIncludedQuantity", "0")
        .raw("pretaxStandardRate", &json_number(row.price.into(), 9));
    if style.version.as_str() >= "2018-06-30" {
        details.text("serviceName", row.meter.category).text("serviceTier", row.meter.subcategory);
    }
    details.close();
}

fn write_payer(object: &mut Object<'_>, row: &Row) {
    let resource = row.resource.as_ref();
    let subscription = row.subscription.map(subscription_id);
    object
        .text("subscriptionGuid", subscription.as_deref().unwrap_or(""))
        .text(
            "subscriptionName",
            row.subscription.map_or("Unassigned", |place| SUBSCRIPTIONS[usize::from(place)]),
        )
        .text("accountName", row.subscription.map_or("Unassigned", |place| account_of(place).name))
        .text(
            "departmentName",
            row.subscription.map_or("Unassigned", |place| department_of(place).name),
        )
        .text("product", &product(row))
        .text("consumedService", resource.map_or("", |resource| resource.kind.provider))
        .text("costCenter", row.subscription.map_or("", |place| department_of(place).cost_center));
}
