//! Rows as the API writes them. Text is written field by field, so that pages of a thousand rows
//! are made faster than any client can read them.

mod new;
mod old;
mod style;
mod text;

pub(super) use new::{NO_METER, pricing_model, reservation};
pub(super) use style::Style;
pub(super) use text::{meter_id, meter_key, part_number, product};

use super::{
    enrollment::{BILLING_ACCOUNT, Tags, subscription_id},
    json::Object,
    row::Row,
};

/// Appends one row.
pub(super) fn write_row(out: &mut String, row: &Row, style: &Style) {
    let (period, name) = (period_path(row, style), row.name());
    let mut object = Object::open(out);
    object
        .text("id", &[&*period, "/providers/Microsoft.Consumption/usageDetails/", &name].concat())
        .text("name", &name)
        .text("type", "Microsoft.Consumption/usageDetails");
    if style.version.as_str() >= "2019-10" {
        object.text("kind", "legacy");
    }
    write_tags(&mut object, row);
    let mut properties = object.object("properties");
    if style.is_new() {
        new::write(&mut properties, row, style);
    } else {
        old::write(&mut properties, row, style, &period);
    }
    properties.close();
    object.close();
}

/// Returns the row's billing period as a path. Ids of the old shape have no leading slash.
fn period_path(row: &Row, style: &Style) -> String {
    let slash = if style.is_new() { "/" } else { "" };
    let (owner, id) = match row.subscription {
        Some(place) => ("subscriptions/", subscription_id(place)),
        None => ("providers/Microsoft.Billing/billingAccounts/", BILLING_ACCOUNT.into()),
    };
    let period = "/providers/Microsoft.Billing/billingPeriods/";
    [slash, owner, &id, period, &style.named_period].concat()
}

fn write_tags(object: &mut Object<'_>, row: &Row) {
    let Some(resource) = &row.resource else {
        object.null("tags");
        return;
    };
    match resource.tags {
        Tags::Absent => {}
        Tags::Null => {
            object.null("tags");
        }
        Tags::EmptyList => {
            object.raw("tags", "[]");
        }
        Tags::Object | Tags::Escaped => {
            let mut tags = object.object("tags");
            tags.text("team", resource.team).text("env", resource.environment);
            if resource.tags == Tags::Escaped {
                tags.text("note", "says \"keep\",\nC:\\caf\u{e9}");
            }
            tags.close();
        }
    }
}
