//! Every metric family of a snapshot, in the order of publication: the one list that formats,
//! documentation and tests use.

use super::amount::Amount;
use super::control_families::OF_CONTROL;
use super::families::{self, Family, Key, Metric, NamedId, Previous, SERVICE_DAYS, Sums, Tabled};
use super::limits::Limit;
use super::published_family::Samples;
use super::snapshot::Snapshot;

pub use super::families::InHistory;
pub use super::published_family::PublishedFamily;
pub use super::sample::{Sink, Value};

const fn limit_of<F: Family>() -> Option<Limit> {
    match F::BOUND {
        Some(bound) => Some(bound.limit),
        None => None,
    }
}

/// Returns a family of the open period.
const fn current<F: Metric + Tabled>() -> PublishedFamily {
    PublishedFamily {
        name: F::NAME,
        help: F::HELP,
        labels: F::LABELS,
        limit: limit_of::<F>(),
        history: F::HISTORY,
        samples: Samples::Sums(Snapshot::current_series::<F>),
    }
}

/// Returns a family of the previous period.
const fn previous<F: Previous + Tabled>() -> PublishedFamily {
    PublishedFamily {
        name: <F as Previous>::NAME,
        help: <F as Previous>::HELP,
        labels: <F as Previous>::LABELS,
        limit: limit_of::<F>(),
        history: InHistory::Yes,
        samples: Samples::Sums(Snapshot::previous_series::<F>),
    }
}

/// Declares [`OF_ROWS`] from the list of families.
macro_rules! of_rows {
    ($(
        $table:ident: $module:ident::$family:ident $(, $current:ident $(, $previous:ident)?)?;
    )*) => {
        /// The families that are sums of rows: those of the open period, then those of the previous
        /// one.
        const OF_ROWS: &[PublishedFamily] = &[
            $($($current::<families::$module::$family>(),)?)*
            $($($($previous::<families::$module::$family>(),)?)?)*
        ];
    };
}

families::families!(of_rows);

/// All families, in the order of publication.
pub const FAMILIES: &[PublishedFamily] =
    &joined::<{ OF_ROWS.len() + OF_SUMS.len() + OF_CONTROL.len() }>([OF_ROWS, OF_SUMS, OF_CONTROL]);

/// Returns the elements of some lists in one.
const fn joined<const N: usize>(lists: [&[PublishedFamily]; 3]) -> [PublishedFamily; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut place, mut next) = (0, 0, 0);
    while next < N {
        if place == lists[list].len() {
            (list, place) = (list + 1, 0);
            continue;
        }
        all[next] = lists[list][place];
        (place, next) = (place + 1, next + 1);
    }
    all
}

/// The families that are computed from sums.
const OF_SUMS: &[PublishedFamily] = &[
    PublishedFamily {
        name: "azure_billing_scope_daily_pretax_cost",
        help: "Cost before tax of one day by scope, in `currency`; the days of the window up to today. Azure still corrects a day during the days after it. Cached from the last successful poll.",
        labels: &["date", "charge_type", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for ((date, kind, currency), amount) in &s.daily {
                sink(&[&date.to_string(), kind.as_str(), currency], Value::Exact(*amount));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_scope_latest_day_pretax_cost",
        help: "Cost before tax of the newest complete day by scope, in `currency`. Cached from the last successful poll.",
        labels: &["charge_type", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for ((kind, currency), amount) in &s.latest_day {
                sink(&[kind.as_str(), currency], Value::Exact(*amount));
            }
        }),
    },
    PublishedFamily {
        name: SERVICE_DAYS.metric,
        help: "Cost before tax of the newest complete day by service, in `currency`. Cached from the last successful poll.",
        labels: &["service_name", "charge_type", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| s.plain(&s.services.latest, Value::Exact, sink)),
    },
    PublishedFamily {
        name: "azure_billing_scope_usual_day_pretax_cost",
        help: "Mean usage cost before tax of the 28 complete days before the newest one by scope, in `currency`. Absent while fewer than 7 are known. Cached from the last successful poll.",
        labels: &["currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (currency, usual) in &s.usual_day {
                sink(&[currency], Value::Derived(usual.mean));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_scope_usual_day_pretax_cost_stddev",
        help: "Standard deviation of the usage cost before tax of the 28 complete days before the newest one by scope, in `currency`. Cached from the last successful poll.",
        labels: &["currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (currency, usual) in &s.usual_day {
                sink(&[currency], Value::Derived(usual.deviation));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_service_usual_day_pretax_cost",
        help: "Mean usage cost before tax of the 28 complete days before the newest one by service, in `currency`. Cached from the last successful poll.",
        labels: &["service_name", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            let days = s.services.usual_count as f64;
            s.plain(&s.services.usual, |amount| Value::Derived(amount.to_f64() / days), sink);
        }),
    },
    PublishedFamily {
        name: "azure_billing_scope_forecast_pretax_cost",
        help: "Expected cost before tax of the whole current billing period by scope, in `currency`: the known cost plus the remaining days at the mean of the last 14 complete days. Cached from the last successful poll.",
        labels: &["currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (currency, expected) in &s.forecast {
                sink(&[currency], Value::Derived(*expected));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_budget_pretax_cost",
        help: "Limit of the budget's current month, quarter or year, in `currency`, as configured.",
        labels: &["budget", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (budget, _) in &s.budgets {
                sink(&[&budget.name, &budget.currency], Value::Exact(budget.amount));
            }
        }),
    },
    PublishedFamily {
        name: "azure_billing_budget_spent_pretax_cost",
        help: "Cost before tax that counts against the budget's current month, quarter or year, in `currency`. Absent until all its closed months are known. Cached from the last successful poll.",
        labels: &["budget", "currency"],
        limit: None,
        history: InHistory::No,
        samples: Samples::Sums(|s, sink| {
            for (budget, spent) in &s.budgets {
                if let Some(spent) = spent {
                    sink(&[&budget.name, &budget.currency], Value::Exact(*spent));
                }
            }
        }),
    },
];

/// Returns the limit of each bounded family once, in the order of publication.
pub fn limits() -> Vec<Limit> {
    let mut limits = Vec::new();
    for limit in FAMILIES.iter().filter_map(|family| family.limit) {
        if !limits.contains(&limit) {
            limits.push(limit);
        }
    }
    limits
}

impl Snapshot {
    /// Writes the series of a family of the open period.
    fn current_series<F: Metric + Tabled>(&self, sink: &mut Sink<'_>) {
        self.write(None, F::table(&self.current), F::NAMED, &mut Value::Exact, sink);
    }

    /// Writes the series of a family of the previous period, if that is known.
    fn previous_series<F: Previous + Tabled>(&self, sink: &mut Sink<'_>) {
        if let Some(previous) = &self.previous {
            let period = self.period.before().to_string();
            self.write(Some(&period), F::table(previous), F::NAMED, &mut Value::Exact, sink);
        }
    }

    /// Writes the series of sums that have no names.
    fn plain<K: Key>(
        &self,
        sums: &Sums<K>,
        mut value: impl FnMut(Amount) -> Value,
        sink: &mut Sink<'_>,
    ) {
        self.write(None, sums, None, &mut value, sink);
    }

    fn write<K: Key>(
        &self,
        first: Option<&str>,
        sums: &Sums<K>,
        named: Option<NamedId>,
        value: &mut dyn FnMut(Amount) -> Value,
        sink: &mut Sink<'_>,
    ) {
        // Side by side, keys and amounts are sorted in half the time.
        let mut series: Vec<(K, Amount)> =
            sums.iter().map(|(key, sum)| (*key, sum.amount)).collect();
        series.sort_unstable_by_key(|(key, _)| *key);
        let texts = self.strings.texts();
        // Buffers in which texts of a series are joined: that of a symbol, and that of its name.
        let mut rooms = vec![<(String, String)>::default(); K::LENGTH];
        for (key, amount) in series {
            let mut values: Vec<&str> = first.into_iter().collect();
            let symbols = key.as_ref().iter().enumerate();
            for ((place, symbol), (room, of_name)) in symbols.zip(&mut rooms) {
                values.push(texts.get_in(*symbol, room));
                if let Some((_, what)) = named.filter(|(of, _)| *of == place) {
                    let name = self.names.of(what(*symbol));
                    values.push(name.map_or("", |name| texts.get_in(name, of_name)));
                }
            }
            sink(&values, value(amount));
        }
    }
}
