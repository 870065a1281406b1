//! A row as a [`Charge`], made of its properties.

use std::borrow::Cow;

use super::amounts::{amount, digits, price, product};
use super::dates::{Day, Days};
use super::fields::{AmountField, TextField};
use super::properties::Properties;
use super::tags::Tags;
use super::text::said;
use crate::billing::amount::Amount;
use crate::billing::charge::{Charge, ChargeType, Degradation, Degraded};
use crate::billing::column::{Column, Columns};
use crate::billing::regions;
use crate::billing::regions::Cloud;

/// A charge, and what was wrong with its row.
#[derive(Debug)]
pub(super) struct ReadRow<'a> {
    pub(super) charge: Charge<'a>,
    /// The number of amounts with more decimals than are kept.
    pub(super) rounded: u64,
    /// True if it has a date, but none that can be read.
    pub(super) unreadable_date: bool,
}

/// The dates of rows, with the last ones kept.
#[derive(Debug, Default)]
pub(super) struct Dates {
    days: Days,
    period_starts: Days,
}

impl Properties<'_> {
    /// Returns the row as a charge, or what is wrong with one of its amounts.
    pub(super) fn charge<'r>(
        &'r self,
        tags: Tags<'r>,
        dates: &mut Dates,
        cloud: Cloud,
    ) -> Result<ReadRow<'r>, String> {
        use {AmountField as A, TextField as F};
        let costs = [A::CostInBillingCurrency, A::Cost, A::PretaxCost];
        let cost = amount("cost", costs.map(|field| self.amount(field)))?;
        let quantities = [A::Quantity, A::UsageQuantity].map(|field| self.amount(field));
        let quantity = amount("quantity", quantities)?;
        let day = dates.days.read(self.first([F::Date, F::UsageStart]));
        let rounded = [cost, quantity].into_iter().flatten().filter(|parsed| parsed.rounded);
        let rounded = rounded.count() as u64;
        let mut charge = self.described(cloud);
        charge.date = day.date();
        charge.billing_period_start =
            dates.period_starts.read(self.get(F::BillingPeriodStart)).date();
        charge.cost = cost.map_or(Amount::ZERO, |cost| cost.amount);
        charge.quantity = quantity.map_or(Amount::ZERO, |quantity| quantity.amount);
        if charge.cost.is_zero() && !charge.quantity.is_zero() {
            charge.price = price(self.amount(A::EffectivePrice), self.amount(A::UnitPrice));
            charge.effective_cost =
                product(self.amount(A::EffectivePrice), quantities).unwrap_or_default();
        } else {
            charge.effective_cost = charge.cost;
        }
        for (field, column) in A::COLUMNS {
            let digits = digits(self.amount(*field)).unwrap_or_default();
            charge.columns[*column] = Cow::Borrowed(digits);
        }
        charge.degraded = degraded([
            (Degradation::Tags, tags.unreadable),
            (Degradation::Text, self.unreadable),
            (Degradation::NoCost, cost.is_none()),
            (Degradation::NoDate, charge.date.is_none()),
        ]);
        charge.tags = tags.pairs;
        let unreadable_date = day == Day::Unreadable || day == Day::Absent && self.unreadable_date;
        Ok(ReadRow { charge, rounded, unreadable_date })
    }

    /// Returns the charge with the row's texts, and what follows from them.
    fn described(&self, cloud: Cloud) -> Charge<'_> {
        use TextField as F;
        let (instance_id, instance_name) = resource(
            self.first([F::ResourceId, F::InstanceId]),
            self.get(F::ResourceName),
            self.get(F::InstanceName),
        );
        let location = self.first([F::ResourceLocation, F::InstanceLocation, F::Location]);
        let charge_type = ChargeType::parse(self.get(F::ChargeType));
        let meter = &self.meter;
        let category = [&meter.category, self.get(F::MeterCategory), self.get(F::ConsumedService)];
        let text = Cow::Borrowed;
        let mut columns = Columns::<Cow<'_, str>>::default();
        for (field, column) in F::COLUMNS {
            columns[*column] = text(self.get(*field));
        }
        columns[Column::Department] =
            text(self.first([F::DepartmentName, F::InvoiceSectionName, F::InvoiceSection]));
        columns[Column::ServiceName] = text(first(category));
        columns[Column::Subcategory] =
            text(first([&meter.sub_category, self.get(F::MeterSubCategory)]));
        columns[Column::Meter] = text(first([&meter.name, self.get(F::MeterName)]));
        columns[Column::Product] =
            text(self.first([F::ProductOrderId, F::ReservationId, F::Product]));
        columns[Column::Benefit] = text(self.first([F::BenefitId, F::ReservationId]));
        columns[Column::BenefitName] = text(self.first([F::BenefitName, F::ReservationName]));
        Charge {
            columns,
            currency: text(self.first([F::BillingCurrencyCode, F::BillingCurrency, F::Currency])),
            unit: text(first([&meter.unit, self.get(F::UnitOfMeasure)])),
            instance_id: text(instance_id),
            instance_name: text(instance_name),
            subscription_id: text(self.first([F::SubscriptionId, F::SubscriptionGuid])),
            resource_group: text(self.get(F::ResourceGroup)),
            location: text(match cloud {
                Cloud::China => regions::in_china(location),
                Cloud::Public | Cloud::UsGovernment => location,
            }),
            credit_eligible: said(self.get(F::CreditEligible)),
            estimated: self.is_estimated,
            // The specification says "Monthly", the data say "Recurring".
            recurring: charge_type == ChargeType::Purchase
                && ["recurring", "monthly"]
                    .iter()
                    .any(|word| self.get(F::Frequency).eq_ignore_ascii_case(word)),
            charge_type,
            billing_account: text(self.get(F::BillingAccountId)),
            ..Charge::default()
        }
    }

    /// Returns the first text that is not empty.
    fn first<const N: usize>(&self, fields: [TextField; N]) -> &str {
        first(fields.map(|field| self.get(field)))
    }
}

fn degraded(degradations: [(Degradation, bool); 4]) -> Degraded {
    let mut degraded = Degraded::default();
    for (degradation, is_so) in degradations {
        if is_so {
            degraded.add(degradation);
        }
    }
    degraded
}

/// Returns the first text that is not empty.
fn first<const N: usize>(texts: [&str; N]) -> &str {
    texts.into_iter().find(|text| !is_blank(text)).unwrap_or_default()
}

/// Returns whether a text is blank. Most are not, which their first byte shows.
fn is_blank(text: &str) -> bool {
    !text.bytes().next().is_some_and(|byte| byte.is_ascii_graphic()) && text.trim().is_empty()
}

/// Returns the id and the name of a resource. Modern rows have no id field: their `instanceName` is
/// the whole id.
fn resource<'a>(id: &'a str, resource_name: &'a str, instance_name: &'a str) -> (&'a str, &'a str) {
    if id.is_empty() && instance_name.contains('/') {
        (instance_name, resource_name)
    } else {
        (id, first([resource_name, instance_name]))
    }
}
