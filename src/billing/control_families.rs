//! The metric families of Azure's own totals, and of what they say about ours.

use super::control::ByCurrency;
use super::families::InHistory;
use super::published_family::{PublishedFamily, Samples};
use super::reconciliation::{Month, PeriodState};
use super::sample::{Sink, Value};
use super::statement::{BALANCES, CHARGES, MonthTotal};

/// These families, in the order of publication.
pub(super) const OF_CONTROL: &[PublishedFamily] = &[
    PublishedFamily {
        name: "azure_billing_query_pretax_cost",
        help: "Azure's own total of the billing period, in `currency`: cost before tax by its query of daily costs, over the days that were asked for. Absent while Azure gives none.",
        labels: &["period", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (period, control) in &s.period_controls {
                by_currency(&[&period.to_string()], &control.totals, sink);
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_query_difference_pretax_cost",
        help: "Published cost less Azure's own total, in `currency`, over the complete days of the billing period. Absent where nothing can be compared.",
        labels: &["period", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (period, control) in &s.period_controls {
                let difference = control.difference.iter();
                difference.for_each(|it| by_currency(&[&period.to_string()], it, sink));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_day_difference_pretax_cost",
        help: "Published cost of a day less Azure's own total of it, in `currency`. Only of days that have ever differed; 0 once a day agrees again.",
        labels: &["date", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (day, difference) in &s.day_differences {
                by_currency(&[&day.to_string()], difference, sink);
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_scope_verified_pretax_cost",
        help: "Cost before tax of the verified days of the current billing period by scope, in `currency`: complete days that equal Azure's own total.",
        labels: &["currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            if s.seal.is_some() {
                by_currency(&[], &s.verified_cost, sink);
            }
        }),
    },
    stated(
        BALANCES.family,
        "Azure's balance of the billing period, in `currency`, by part: usage that prepayment can pay, what is charged separately, Marketplace. Updated by Azure once a day.",
        &["period", "part", "currency"],
    ),
    stated(
        CHARGES.family,
        "Azure's charges of the billing period by department or enrollment account, in `currency`, by part: Azure, what is charged separately, Marketplace. Updated by Azure once a day.",
        &["period", "part", "currency"],
    ),
    of_months(
        BALANCES.difference,
        "Published cost of a closed billing period less Azure's balance of it, in `currency`, by part; part total where rows do not tell the parts apart. Absent where nothing can be compared.",
        &["period", "part", "currency"],
        |(period, month), sink| differences(&BALANCES, period, month, sink),
    ),
    of_months(
        CHARGES.difference,
        "Published cost of a closed billing period less Azure's charges of it by department or enrollment account, in `currency`, by part; part total where rows do not tell the parts apart. Absent where nothing can be compared.",
        &["period", "part", "currency"],
        |(period, month), sink| differences(&CHARGES, period, month, sink),
    ),
    of_months(
        "azure_billing_period_state",
        "1 for the state of the billing period, 0 for the others: open (not over, or Azure still corrects it), closed (not read again), reconciled (closed, and equal to Azure's balance), differs (closed, and further from Azure's total than rounding can explain).",
        &["period", "state"],
        |(period, month), sink| {
            for state in PeriodState::ALL {
                let value = f64::from(u8::from(state == month.state));
                sink(&[period, state.as_str()], Value::Derived(value));
            }
        },
    ),
    of_months(
        "azure_billing_period_closed_timestamp_seconds",
        "When the billing period was first known to be over and not read again.",
        &["period"],
        |(period, month), sink| {
            if let Some(closed_at) = month.closed_at {
                sink(&[period], Value::Derived(closed_at.as_second() as f64));
            }
        },
    ),
    of_months(
        "azure_billing_rounding_predicted_pretax_cost",
        "What rounding rows will add to the other rows of the billing period, in `currency`: the invoice cuts the sum of each subscription and meter to the minor unit. Computed from the rows; decides nothing.",
        &["period", "currency"],
        |(period, month), sink| {
            for (currency, sums) in &month.sums {
                sink(&[period, currency], Value::Exact(sums.rounding.predicted));
            }
        },
    ),
    of_months(
        "azure_billing_rounding_bound_pretax_cost",
        "By how much the cost of the billing period may be above (up) or below (down) Azure's total because of rounding, in `currency`: the minor unit for each subscription and meter.",
        &["period", "direction", "currency"],
        |(period, month), sink| {
            for (currency, sums) in &month.sums {
                sink(&[period, "down", currency], Value::Exact(sums.rounding.down));
            }
            for (currency, sums) in &month.sums {
                sink(&[period, "up", currency], Value::Exact(sums.rounding.up));
            }
        },
    ),
];

/// Returns a family of whole months, whose first label is the period.
const fn of_months(
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    each: fn((&str, &Month), &mut Sink<'_>),
) -> PublishedFamily {
    let (limit, history, samples) = (None, InHistory::No, Samples::Months(each));
    PublishedFamily { name, help, labels, limit, history, samples }
}

/// Passes the differences of a closed period.
fn differences(total: &MonthTotal, period: &str, month: &Month, sink: &mut Sink<'_>) {
    let compared = month.comparison.iter().filter(|it| it.total == total);
    for comparison in compared.filter(|_| month.closed_at.is_some()) {
        for ((part, currency), amount) in comparison.differences() {
            sink(&[period, part, currency], Value::Exact(amount));
        }
    }
}

/// Returns a family of what Azure has stated.
const fn stated(
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
) -> PublishedFamily {
    let (limit, history, samples) = (None, InHistory::No, Samples::Statement);
    PublishedFamily { name, help, labels, limit, history, samples }
}

/// Passes amounts by currency, which is the last label.
fn by_currency(labels: &[&str], amounts: &ByCurrency, sink: &mut Sink<'_>) {
    for (currency, amount) in amounts {
        let labels: Vec<&str> = labels.iter().copied().chain([currency.as_str()]).collect();
        sink(&labels, Value::Exact(*amount));
    }
}
