//! The report's columns: the name and the value of each. A value equals the list's, wherever the
//! list has it, so that readings of either give the same.

use std::borrow::Cow;

use super::{
    super::{
        charges::{Charge, Part},
        enrollment::{
            BILLING_ACCOUNT, BILLING_ACCOUNT_NAME, Resource, SUBSCRIPTIONS, Tags, account_of,
            department_of, subscription_id,
        },
        json::quoted,
        row::Row,
        wire::{NO_METER, meter_id, part_number, pricing_model, product, reservation},
    },
    cell::Cell,
    lines::Line,
};

/// A column.
pub(super) struct Column {
    /// The name in the schema of 2024-08-01.
    pub(super) name: &'static str,
    /// The name in a German portal.
    pub(super) german: &'static str,
    pub(super) write: fn(&mut Cell<'_>, &Line),
}

const fn column(
    name: &'static str,
    german: &'static str,
    write: fn(&mut Cell<'_>, &Line),
) -> Column {
    Column { name, german, write }
}

/// Older names, and the names that replaced them.
pub(super) static RENAMED: [(&str, &str); 4] = [
    ("InvoiceSection", "InvoiceSectionName"),
    ("Product", "ProductName"),
    ("Cost", "CostInBillingCurrency"),
    ("BillingCurrency", "BillingCurrencyCode"),
];

/// The columns before 2024-08-01, in the order of a recorded file.
#[rustfmt::skip]
pub(super) static OLDER: [&str; 55] = [
    "BillingAccountId", "BillingAccountName", "BillingPeriodStartDate", "BillingPeriodEndDate",
    "BillingProfileId", "BillingProfileName", "AccountOwnerId", "AccountName", "SubscriptionId",
    "SubscriptionName", "Date", "Product", "PartNumber", "MeterId", "ServiceFamily",
    "MeterCategory", "MeterSubCategory", "MeterRegion", "MeterName", "Quantity", "EffectivePrice",
    "Cost", "UnitPrice", "BillingCurrency", "ResourceLocation", "AvailabilityZone",
    "ConsumedService", "ResourceId", "ResourceName", "ServiceInfo1", "ServiceInfo2",
    "AdditionalInfo", "Tags", "InvoiceSectionId", "InvoiceSection", "CostCenter", "UnitOfMeasure",
    "ResourceGroup", "ReservationId", "ReservationName", "ProductOrderId", "ProductOrderName",
    "OfferId", "IsAzureCreditEligible", "Term", "PublisherName", "PlanName", "ChargeType",
    "Frequency", "PublisherType", "PayGPrice", "PricingModel", "CostAllocationRuleName",
    "benefitId", "benefitName",
];

/// The columns of 2024-08-01, in the order of its documentation.
#[rustfmt::skip]
pub(super) static COLUMNS: [Column; 57] = [
    column("InvoiceSectionName", "Rechnungsabschnitt", |cell, line| {
        cell.text(line.row.subscription.map_or("Unassigned", |place| department_of(place).name));
    }),
    column("AccountName", "Kontoname", |cell, line| {
        cell.text(line.row.subscription.map_or("Unassigned", |place| account_of(place).name));
    }),
    column("AccountOwnerId", "Kontobesitzer-ID", |cell, line| {
        cell.plain(line.row.subscription.map_or("", |place| account_of(place).owner));
    }),
    column("SubscriptionId", "Abonnement-ID", |cell, line| {
        cell.plain(&line.row.subscription.map(subscription_id).unwrap_or_default());
    }),
    column("SubscriptionName", "Abonnementname", |cell, line| {
        let named = |place: u8| SUBSCRIPTIONS[usize::from(place)];
        cell.text(line.row.subscription.map_or("Unassigned", named));
    }),
    column("ResourceGroup", "Ressourcengruppe", |cell, line| {
        cell.text(&line.group);
    }),
    column("ResourceLocation", "Ressourcenstandort", |cell, line| {
        let row = &line.row;
        cell.plain(if row.resource.is_some() { row.location.unwrap_or("") } else { missing(row) });
    }),
    column("Date", "Datum", |cell, _| cell.date(0)),
    column("ProductName", "Produktname", |cell, line| cell.text(&product(&line.row))),
    column("MeterCategory", "Kategorie der Verbrauchseinheit", |cell, line| {
        cell.text(metered(line).map_or("", |row| row.meter.category));
    }),
    column("MeterSubCategory", "Unterkategorie der Verbrauchseinheit", |cell, line| {
        cell.text(metered(line).map_or("", |row| row.meter.subcategory));
    }),
    column("MeterId", "ID der Verbrauchseinheit", |cell, line| {
        let azure = !line.row.charge.is_marketplace();
        cell.plain(&if azure { meter_id(&line.row) } else { NO_METER.into() });
    }),
    column("MeterName", "Name der Verbrauchseinheit", |cell, line| {
        cell.text(metered(line).map_or("", |row| row.meter.name));
    }),
    column("MeterRegion", "Region der Verbrauchseinheit", |cell, line| {
        cell.text(line.row.resource.as_ref().map_or("", |resource| resource.region.spellings[2]));
    }),
    column("UnitOfMeasure", "Ma\u{df}einheit", |cell, line| {
        cell.text(metered(line).map_or("", |row| row.meter.unit));
    }),
    column("Quantity", "Menge", |cell, line| {
        cell.number(line.quantity.into(), 6, has_exponents(line));
    }),
    column("EffectivePrice", "Effektiver Preis", |cell, line| {
        cell.number(line.effective_price.into(), 9, has_exponents(line));
    }),
    column("CostInBillingCurrency", "Kosten in Abrechnungsw\u{e4}hrung", |cell, line| {
        cell.number(line.cost.units(), 15, has_exponents(line));
    }),
    column("CostCenter", "Kostenstelle", |cell, line| cell.plain(&cost_center(&line.row))),
    column("ConsumedService", "Genutzter Dienst", |cell, line| {
        let provider = |resource: &Resource| resource.kind.provider;
        cell.plain(line.row.resource.as_ref().map_or_else(|| missing(&line.row), provider));
    }),
    column("ResourceId", "Ressourcen-ID", |cell, line| {
        let id = |resource: &Resource| line.row.spelled(resource.id_of(&line.group, &line.name));
        cell.plain(&line.row.resource.as_ref().map(id).unwrap_or_default());
    }),
    column("Tags", "Markierungen", write_tags),
    column("OfferId", "Angebots-ID", |cell, _| cell.plain("MS-AZR-0017P")),
    column("AdditionalInfo", "Zus\u{e4}tzliche Informationen", write_information),
    column("ServiceInfo1", "Dienstinformation 1", |_, _| {}),
    column("ServiceInfo2", "Dienstinformation 2", |_, _| {}),
    column("ResourceName", "Ressourcenname", |cell, line| {
        cell.text(&line.name);
    }),
    column("ReservationId", "Reservierungs-ID", |cell, line| {
        cell.plain(&reserved(line).map_or_else(String::new, |(id, ..)| id));
    }),
    column("ReservationName", "Reservierungsname", |cell, line| {
        cell.text(reserved(line).map_or("", |(_, name, _)| name));
    }),
    column("UnitPrice", "Preis pro Einheit", |cell, line| {
        cell.number(line.row.price.into(), 9, has_exponents(line));
    }),
    column("ProductOrderId", "Produktbestell-ID", |cell, line| {
        cell.plain(&reserved(line).map_or_else(String::new, |(.., order)| order));
    }),
    column("ProductOrderName", "Produktbestellname", |cell, line| {
        const ORDER: &str = "Reserved VM Instance, Standard_D4s_v5, US East 2, 1 Year";
        cell.text(reserved(line).map_or("", |_| ORDER));
    }),
    column("Term", "Laufzeit", |cell, line| cell.plain(reserved(line).map_or("", |_| "12"))),
    column("PublisherType", "Herausgebertyp", |cell, line| {
        cell.plain(if line.row.charge.is_marketplace() { "Marketplace" } else { "Azure" });
    }),
    column("PublisherName", "Herausgebername", |cell, line| {
        cell.text(if line.row.charge.is_marketplace() { "Fabrikam Networks" } else { "Microsoft" });
    }),
    column("ChargeType", "Geb\u{fc}hrentyp", |cell, line| {
        cell.plain(line.row.charge.charge_type());
    }),
    column("Frequency", "H\u{e4}ufigkeit", |cell, line| cell.plain(line.row.charge.frequency())),
    column("PricingModel", "Preismodell", |cell, line| cell.plain(pricing_model(&line.row))),
    column("AvailabilityZone", "Verf\u{fc}gbarkeitszone", |_, _| {}),
    column("BillingAccountId", "Abrechnungskonto-ID", |cell, _| cell.plain(BILLING_ACCOUNT)),
    column("BillingAccountName", "Abrechnungskontoname", |cell, _| cell.text(BILLING_ACCOUNT_NAME)),
    column("BillingCurrencyCode", "Abrechnungsw\u{e4}hrungscode", |cell, line| {
        cell.plain(line.row.currency);
    }),
    column("BillingPeriodStartDate", "Startdatum des Abrechnungszeitraums", |cell, _| cell.date(1)),
    column("BillingPeriodEndDate", "Enddatum des Abrechnungszeitraums", |cell, _| cell.date(2)),
    column("BillingProfileId", "Abrechnungsprofil-ID", |cell, _| cell.plain(BILLING_ACCOUNT)),
    column("BillingProfileName", "Abrechnungsprofilname", |cell, _| cell.text(BILLING_ACCOUNT_NAME)),
    column("InvoiceSectionId", "Rechnungsabschnitts-ID", |_, _| {}),
    column("IsAzureCreditEligible", "Azure-Guthaben anwendbar", |cell, line| {
        let eligible = line.row.charge.part() == Part::Credit;
        cell.plain(if eligible { "True" } else { "False" });
    }),
    column("PartNumber", "Teilenummer", |cell, line| {
        let azure = !line.row.charge.is_marketplace();
        cell.plain(&if azure { part_number(&line.row) } else { String::new() });
    }),
    column("PayGPrice", "Preis ohne Vertrag", |cell, line| {
        cell.number(i128::from(line.row.price) * 10 / 9, 9, has_exponents(line));
    }),
    column("PlanName", "Planname", |cell, line| {
        cell.text(if line.row.charge.is_marketplace() { "firewall-pro" } else { "" });
    }),
    column("ServiceFamily", "Dienstfamilie", |cell, line| {
        cell.text(metered(line).map_or("", |row| row.meter.family));
    }),
    column("CostAllocationRuleName", "Name der Kostenzuteilungsregel", |cell, line| {
        cell.text(line.rule.unwrap_or(""));
    }),
    column("benefitId", "Vorteils-ID", |cell, line| {
        cell.plain(&reserved(line).map_or_else(String::new, |(id, ..)| id));
    }),
    column("benefitName", "Vorteilsname", |cell, line| {
        cell.text(reserved(line).map_or("", |(_, name, _)| name));
    }),
    column("AccountId", "Konto-ID", |cell, line| {
        cell.plain(line.row.subscription.map_or("", |place| account_of(place).id));
    }),
    column("ResourceLocationNormalized", "Normalisierter Ressourcenstandort", |cell, line| {
        let region = |resource: &Resource| resource.region.spellings[3].to_ascii_lowercase();
        cell.plain(&line.row.resource.as_ref().map(region).unwrap_or_default());
    }),
];

/// Returns the text in rows without a resource: one of two spellings of nothing.
fn missing(row: &Row) -> &'static str {
    if row.spelling.is_multiple_of(2) { "Unassigned" } else { "" }
}

/// Returns the row, if it names its meter. Purchases do not.
fn metered(line: &Line) -> Option<&Row> {
    let row = &line.row;
    let tells = row.resource.is_some() || row.charge == Charge::NoResource || line.rule.is_some();
    tells.then_some(row)
}

fn reserved(line: &Line) -> Option<(String, &'static str, String)> {
    (pricing_model(&line.row) == "Reservation").then(|| reservation(&line.row))
}

/// Returns whether small numbers have an exponent: they are seen with one and without.
fn has_exponents(line: &Line) -> bool {
    line.row.spelling.is_multiple_of(7)
}

/// Returns the cost center in the list's spelling.
fn cost_center(row: &Row) -> Cow<'static, str> {
    let center = row.subscription.map_or("", |place| department_of(place).cost_center);
    if row.spelling.is_multiple_of(5) { center.to_ascii_lowercase().into() } else { center.into() }
}

/// Writes the tags as a JSON object without its braces.
fn write_tags(cell: &mut Cell<'_>, line: &Line) {
    let Some(resource) = &line.row.resource else { return };
    let escaped = resource.tags == Tags::Escaped;
    if !escaped && resource.tags != Tags::Object {
        return;
    }
    let comma = if escaped { ",\n" } else { "," };
    cell.plain("\"");
    for part in
        ["\"team\": \"", resource.team, "\"", comma, "\"env\": \"", resource.environment, "\""]
    {
        cell.quoted(part);
    }
    if escaped {
        let mut note = String::from(",\n\"note\": ");
        quoted(&mut note, "says \"keep\",\nC:\\caf\u{e9}");
        cell.quoted(&note);
    }
    cell.plain("\"");
}

/// Writes JSON, over several lines where the resource's tags are as well.
fn write_information(cell: &mut Cell<'_>, line: &Line) {
    let Some(resource) = &line.row.resource else { return };
    let comma = if resource.tags == Tags::Escaped { ",\r\n  " } else { "," };
    let fields = [
        ("UsageType", line.row.meter.category),
        ("ImageType", "Canonical"),
        ("ServiceType", "Standard_D4s_v5"),
        ("VMName", line.name.as_str()),
        ("VMProperties", ""),
        ("UsageUnits", line.row.meter.unit),
    ];
    cell.plain("\"{");
    for (place, (name, value)) in fields.into_iter().enumerate() {
        cell.plain(if place > 0 { comma } else { "" });
        for part in ["\"\"", name, "\"\":\"\"", value, "\"\""] {
            cell.plain(part);
        }
    }
    cell.plain("}\"");
}
