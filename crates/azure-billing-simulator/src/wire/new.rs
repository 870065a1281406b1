//! Properties of a row in the shape of api-versions since 2019-04.

use super::{
    super::{
        calendar::date_of,
        chance::{guid, mix},
        charges::{Charge, Part},
        enrollment::{
            BILLING_ACCOUNT, BILLING_ACCOUNT_NAME, SUBSCRIPTIONS, account_of, department_of,
            subscription_id,
        },
        json::Object,
        money::json_number,
        row::Row,
        selection::View,
    },
    style::Style,
    text::{day_start, information, meter_id, part_number, product},
};

/// The GUID that rows without a meter of Azure's show.
pub(in super::super) const NO_METER: &str = "00000000-0000-0000-0000-000000000000";

/// Appends every property.
pub(super) fn write(object: &mut Object<'_>, row: &Row, style: &Style) {
    write_payer(object, row);
    write_meter(object, row, style);
    write_amounts(object, row, style);
    write_resource(object, row);
    write_charge(object, row, style);
    write_reservation(object, row, style);
}

fn write_payer(object: &mut Object<'_>, row: &Row) {
    let (first, last) = row.period();
    object
        .text("billingAccountId", BILLING_ACCOUNT)
        .text("billingAccountName", BILLING_ACCOUNT_NAME)
        .text("billingPeriodStartDate", &format!("{}T00:00:00.0000000Z", date_of(first)))
        .text("billingPeriodEndDate", &format!("{}T00:00:00.0000000Z", date_of(last)))
        .text("billingProfileId", BILLING_ACCOUNT)
        .text("billingProfileName", BILLING_ACCOUNT_NAME);
    match row.subscription {
        Some(place) => {
            let account = account_of(place);
            let center = department_of(place).cost_center;
            let lower = row.spelling.is_multiple_of(5);
            let center = if lower { center.to_ascii_lowercase() } else { center.to_owned() };
            object
                .text("accountOwnerId", account.owner)
                .text("accountName", account.name)
                .text("subscriptionId", &subscription_id(place))
                .text("subscriptionName", SUBSCRIPTIONS[usize::from(place)])
                .text("invoiceSection", department_of(place).name)
                .optional("costCenter", Some(center.as_str()).filter(|center| !center.is_empty()));
        }
        None => {
            object
                .text("accountOwnerId", "")
                .text("accountName", "Unassigned")
                .text("subscriptionId", "")
                .text("subscriptionName", "Unassigned")
                .text("invoiceSection", "Unassigned")
                .null("costCenter");
        }
    }
}

fn write_meter(object: &mut Object<'_>, row: &Row, style: &Style) {
    let meter = row.meter;
    let azure = !row.charge.is_marketplace();
    object
        .text("date", &day_start(row))
        .text("product", &product(row))
        .text("partNumber", &if azure { part_number(row) } else { String::new() })
        .text("meterId", &if azure { meter_id(row) } else { NO_METER.into() });
    if !style.meter_details || row.resource.is_none() && row.charge != Charge::NoResource {
        object.null("meterDetails");
        return;
    }
    let mut details = object.object("meterDetails");
    details
        .text("meterName", meter.name)
        .text("meterCategory", meter.category)
        .text("meterSubCategory", meter.subcategory)
        .text("unitOfMeasure", meter.unit)
        .text("serviceFamily", meter.family);
    details.close();
}

fn write_amounts(object: &mut Object<'_>, row: &Row, style: &Style) {
    let cost = json_number(row.cost(style.view).units(), 15);
    // Whole numbers occur as `3` and as `3.0`.
    let decimal = row.spelling.is_multiple_of(3) && !cost.contains(['.', 'E']);
    object
        .raw("quantity", &json_number(row.quantity.into(), 6))
        .raw("effectivePrice", &json_number(row.effective_price(style.view).into(), 9))
        .raw("cost", &if decimal { cost + ".0" } else { cost })
        .raw("unitPrice", &json_number(row.price.into(), 9))
        .text("billingCurrency", row.currency);
}

fn write_resource(object: &mut Object<'_>, row: &Row) {
    let unassigned = row.spelling.is_multiple_of(2);
    let missing = unassigned.then_some("Unassigned");
    match &row.resource {
        Some(resource) => {
            object
                .optional("resourceLocation", row.location)
                .text("consumedService", resource.kind.provider)
                .optional("resourceId", row.resource_id().as_deref())
                .text("resourceName", &resource.name())
                .text("resourceGroup", &resource.group());
        }
        None => {
            object.optional("resourceLocation", missing).optional("consumedService", missing);
            if unassigned {
                object.null("resourceId").null("resourceName").text("resourceGroup", "");
            }
        }
    }
}

fn write_charge(object: &mut Object<'_>, row: &Row, style: &Style) {
    let marketplace = row.charge.is_marketplace();
    object
        .text("offerId", "MS-AZR-0017P")
        .boolean("isAzureCreditEligible", row.charge.part() == Part::Credit)
        .null("serviceInfo1")
        .null("serviceInfo2")
        .optional("additionalInfo", information(row, style).as_deref())
        .text("publisherName", if marketplace { "Fabrikam Networks" } else { "Microsoft" })
        .text("publisherType", if marketplace { "Marketplace" } else { "Azure" })
        .optional("planName", marketplace.then_some("firewall-pro"))
        .text("chargeType", row.charge.charge_type())
        .text("frequency", row.charge.frequency());
    if style.version.as_str() >= "2019-11" {
        object.raw("payGPrice", &json_number(i128::from(row.price) * 10 / 9, 9));
        match pricing_model(row) {
            "" => object.null("pricingModel"),
            model => object.text("pricingModel", model),
        };
    }
}

/// Returns the API's `pricingModel`.
pub(in super::super) fn pricing_model(row: &Row) -> &'static str {
    match row.charge {
        Charge::RoundingAdjustment | Charge::Rounding(_) => "",
        Charge::ReservationInstallment
        | Charge::ReservationPurchase
        | Charge::Refund
        | Charge::UnusedReservation => "Reservation",
        _ if row.reserved => "Reservation",
        _ => "OnDemand",
    }
}

fn write_reservation(object: &mut Object<'_>, row: &Row, style: &Style) {
    let names = ["reservationId", "reservationName", "productOrderId", "productOrderName", "term"];
    if pricing_model(row) != "Reservation" {
        // Both forms occur: null and absent.
        for name in names.into_iter().filter(|_| row.spelling.is_multiple_of(4)) {
            object.null(name);
        }
        return;
    }
    let (id, label, order) = reservation(row);
    for (name, value) in names.into_iter().zip([&*id, label, &*order, "Reserved VM Instance", "12"])
    {
        object.text(name, value);
    }
    if style.version.as_str() >= "2021-10" && style.view == View::Amortized {
        object.text("benefitId", &id).text("benefitName", label);
    }
}

/// Returns id, name and order of the reservation that a row belongs to.
pub(in super::super) fn reservation(row: &Row) -> (String, &'static str, String) {
    let which = row.spelling % 4;
    (guid(mix(7, which)), "VM_RI_11-02-2025_09-14", guid(mix(8, which)))
}
