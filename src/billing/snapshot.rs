//! The published state of a scope. It is computed once, when the days of the scope change, and is
//! never changed itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Amount;
use super::budget::{Budget, Only};
use super::caseless::same_name;
use super::charge::{ChargeType, Degradation};
use super::column::Column;
use super::control::{ByCurrency, DateState, PeriodControl};
use super::daily_sums::TagKeys;
use super::days::{KnownDay, Usual};
use super::families::{
    Bound, Combine, Family, Folded, Kept, OTHER, SERVICE_DAYS, ScopeCost, ServiceCharge, Sum, Sums,
    Table, Tables, spelled,
};
use super::interner::{Interner, Sorted, Symbol, sorted};
use super::names::{NameList, Named, Spellings};
use super::period::{DayRange, Period, day_of, end_of};
use super::reconciliation::Month;
use super::rules::Rules;
use super::scope_totals::ScopeTotals;
use super::seal::Seal;
use super::statement::Statement;

/// The published state of a scope, complete when it is made.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) period: Period,
    pub(super) strings: Sorted,
    pub(super) names: NameList,
    pub(super) current: Tables,
    /// The previous period, if all of it is known.
    pub(super) previous: Option<Tables>,
    pub(super) previous_changed: Option<Timestamp>,
    pub(super) previous_settled: bool,
    pub(super) newest_usage: Option<Timestamp>,
    pub(super) latest_complete: Option<Date>,
    /// The number of kept days by [`DateState`].
    pub(super) dates: [u64; DateState::ALL.len()],
    /// Azure's totals and the differences by period.
    pub(super) period_controls: BTreeMap<Period, PeriodControl>,
    /// The differences of the days that have ever differed.
    pub(super) day_differences: BTreeMap<Date, ByCurrency>,
    /// The cost of the open period's verified days.
    pub(super) verified_cost: ByCurrency,
    /// What Azure's totals say about the kept days; `None` if it never gave any.
    pub(super) seal: Option<Seal>,
    /// What Azure has stated beside rows.
    pub(super) statement: Statement,
    /// The newest months, whole.
    pub(super) months: BTreeMap<Period, Month>,
    /// The number of rows of the kept days of which a part could not be read, by [`Degradation`].
    pub(super) degraded_rows: [u64; Degradation::ALL.len()],
    pub(super) charges_visible: bool,
    /// The billing accounts to which rows are billed.
    pub(super) billing_accounts: BTreeSet<String>,
    pub(super) daily: BTreeMap<(Date, ChargeType, String), Amount>,
    pub(super) latest_day: BTreeMap<(ChargeType, String), Amount>,
    pub(super) usual_day: BTreeMap<String, Usual>,
    pub(super) services: ServiceDays,
    pub(super) forecast: BTreeMap<String, f64>,
    pub(super) budgets: Vec<(Budget, Option<Amount>)>,
    pub(super) folded: Folded,
}

/// The daily sums of services, folded by the cost of the latest day.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceDays {
    /// The cost of the latest day by service, kind of charge and currency.
    pub(super) latest: Sums<[Symbol; 3]>,
    /// The usage cost of all usual days by service and currency.
    pub(super) usual: Sums<[Symbol; 2]>,
    pub(super) usual_count: usize,
}

impl ScopeTotals {
    /// Returns the snapshot of the open period as it was last read; `None` before the first
    /// reading. `settled` means that the previous period is not read again.
    pub fn snapshot(&self, rules: &Rules, tag_keys: &TagKeys, settled: bool) -> Option<Snapshot> {
        let (period, read_at) = self.open.zip(self.read_at)?;
        let complete = self.complete_days(rules.day_complete_after);
        let expected = self.expected_currencies(period, rules);
        let mut strings = self.strings.clone();
        for text in ["", OTHER].into_iter().chain(expected.iter().map(String::as_str)) {
            strings.intern(text);
        }
        let usage = strings.intern(ChargeType::Usage.as_str());
        let services = ServiceDays::of(self, &complete, usage);
        let (strings, rank) = sorted(&strings);
        let (names, spellings) = self.names.undated(&rank);
        let labelled = |period| self.labelled(period, tag_keys, &rank, &spellings);
        let mut current = labelled(period).unwrap_or_default();
        expect(&mut current.scope_cost, expected.iter().filter_map(|c| strings.find(c)), &strings);
        let before = Some(period.before()).filter(|before| self.knows_bill(*before));
        let previous = before.and_then(labelled);
        let newest_usage = self.newest_usage(day_of(read_at)).or(self.past.newest_usage);
        let window = DayRange { first: rules.window_start(day_of(read_at)), last: Date::MAX };
        let daily = self.daily(window);
        let daily = daily
            .map(|((day, kind, currency), amount)| ((day, kind, currency.into_owned()), amount));
        let usual_day = self.usual_day(&complete);
        let latest =
            complete.last().map(|day| self.day_costs(*day)).unwrap_or_default().into_iter();
        let mut latest_day: BTreeMap<_, _> = latest
            .map(|((kind, currency), amount)| ((kind, currency.into_owned()), amount))
            .collect();
        for currency in usual_day.keys() {
            latest_day.entry((ChargeType::Usage, currency.clone())).or_default();
        }
        let mut snapshot = Snapshot {
            period,
            names,
            current,
            previous,
            previous_changed: self.changed(period.before()),
            previous_settled: settled,
            newest_usage: newest_usage.map(|day| end_of(day).min(read_at)),
            latest_complete: complete.last().map(|day| day.date),
            dates: self.dates(rules.day_complete_after),
            period_controls: self.period_controls(rules.day_complete_after),
            day_differences: self.day_differences(),
            verified_cost: self.verified_cost(period, rules.day_complete_after),
            seal: self.seal(rules.day_complete_after),
            statement: self.statement.clone(),
            months: self.months(),
            degraded_rows: self.degraded_rows(),
            charges_visible: rules.charges_are_free || self.charges_visible(),
            billing_accounts: self.billing_accounts(),
            daily: daily.collect(),
            latest_day,
            usual_day,
            services: services.ranked(&rank, &spellings),
            forecast: self.forecast(period, rules.day_complete_after),
            budgets: self.budgets(rules, day_of(read_at)),
            folded: Folded::new(),
            strings,
        };
        snapshot.fold(rules);
        Some(snapshot)
    }

    /// Returns the currencies in which a period is expected to have costs, even if there are none
    /// yet.
    fn expected_currencies(&self, period: Period, rules: &Rules) -> BTreeSet<String> {
        let mut expected = self.currencies_of(period.before());
        expected.extend(self.past.currencies.iter().cloned());
        expected.extend(rules.budgets.iter().map(|budget| budget.currency.clone()));
        expected
    }

    /// Returns the sums of a period in the symbols of labels; `None` if there are none.
    fn labelled(
        &self,
        period: Period,
        tag_keys: &TagKeys,
        rank: impl Fn(Symbol) -> Symbol,
        spellings: &Spellings,
    ) -> Option<Tables> {
        let period_totals = self.periods.get(&period)?;
        let mut tables = Tables::default();
        if self.open == Some(period) {
            tables.combine(Combine::Add, &period_totals.tables, &rank);
        } else {
            tables.combine_bill(Combine::Add, &period_totals.tables, &rank);
        }
        self.only_known_tags(period, &mut tables, tag_keys, rank);
        tables.spell(spellings);
        Some(tables)
    }

    /// Removes the tag keys by which only some days of a period were read: their sums are
    /// incomplete.
    fn only_known_tags(
        &self,
        period: Period,
        tables: &mut Tables,
        wanted: &TagKeys,
        rank: impl Fn(Symbol) -> Symbol,
    ) {
        let known = self.known_tag_keys(period).into_iter();
        let known = known.filter(|key| wanted.iter().any(|text| *text == self.strings.get(*key)));
        let known: Vec<Symbol> = known.map(rank).collect();
        tables.tag_cost.retain(|[key, ..], _| known.contains(key));
    }

    /// Returns the budgets that have begun, and the cost that counts against each.
    fn budgets(&self, rules: &Rules, today: Date) -> Vec<(Budget, Option<Amount>)> {
        let begun =
            rules.budgets.iter().filter_map(|budget| Some((budget, budget.periods(today)?)));
        begun
            .map(|(budget, periods)| (budget.clone(), self.spent(budget, &periods, today)))
            .collect()
    }

    /// Returns the cost that counts against a budget in some periods; `None` if a closed one is not
    /// known, or the tag key of the budget.
    fn spent(&self, budget: &Budget, periods: &[Period], today: Date) -> Option<Amount> {
        let mut spent = Amount::ZERO;
        for &period in periods {
            let open = period == Period::of(today);
            if !open && !self.knows_bill(period) {
                return None;
            }
            let Some(period_totals) = self.periods.get(&period) else { continue };
            if let Only::Tag { key, .. } = &budget.only
                && !self
                    .known_tag_keys(period)
                    .iter()
                    .any(|known| same_name(&self.strings.get(*known), key))
            {
                return None;
            }
            spent += spent_of(&period_totals.tables, &self.strings, budget);
        }
        Some(spent)
    }
}

/// Adds a cost of 0 for each currency without rows, so that it has a series.
pub(super) fn expect(
    costs: &mut Table<ScopeCost>,
    currencies: impl Iterator<Item = Symbol>,
    strings: &Sorted,
) {
    let (Some(usage), Some(none)) = (strings.find(ChargeType::Usage.as_str()), strings.find(""))
    else {
        return;
    };
    let known: HashSet<Symbol> = costs.keys().map(|[.., currency]| *currency).collect();
    for currency in currencies.filter(|currency| !known.contains(currency)) {
        costs.add([usage, none, none, currency], Sum::default());
    }
}

/// Returns the part of a bill that counts against a budget.
fn spent_of(tables: &Tables, strings: &Interner, budget: &Budget) -> Amount {
    let same = |symbol: &Symbol, name: &str| same_name(&strings.get(*symbol), name);
    let sum = |sums: &mut dyn Iterator<Item = (&[Symbol], Sum)>,
               counts: &dyn Fn(&[Symbol]) -> bool| {
        let counted = sums.filter(|(key, _)| {
            key.last().is_some_and(|currency| same(currency, &budget.currency)) && counts(key)
        });
        counted.map(|(_, sum)| sum.amount).sum::<Amount>()
    };
    fn keys<const N: usize>(sums: &Sums<[Symbol; N]>) -> impl Iterator<Item = (&[Symbol], Sum)> {
        sums.iter().map(|(key, sum)| (key.as_slice(), sum))
    }
    match &budget.only {
        Only::All => sum(&mut keys(&tables.scope_cost), &|_| true),
        Only::Department(name) => sum(&mut keys(&tables.account_cost), &|key| same(&key[0], name)),
        Only::Account(name) => sum(&mut keys(&tables.account_cost), &|key| same(&key[1], name)),
        Only::Subscription(id) => {
            sum(&mut keys(&tables.subscription_cost), &|key| same(&key[0], id))
        }
        Only::Service(name) => sum(&mut keys(&tables.service_cost), &|key| same(&key[1], name)),
        Only::Tag { key: tag, value } => {
            sum(&mut keys(&tables.tag_cost), &|key| same(&key[0], tag) && same(&key[1], value))
        }
    }
}

impl ServiceDays {
    fn of(scope_totals: &ScopeTotals, complete: &[KnownDay<'_>], usage: Symbol) -> Self {
        let latest = complete.last().map(|day| scope_totals.day_services(*day));
        let (usual, usual_count) = scope_totals.usual_service_days(complete).unwrap_or_default();
        let mut services = Self { latest: latest.unwrap_or_default(), usual, usual_count };
        // A usual service without cost on the latest day has a series of 0.
        for [service, currency] in services.usual.keys() {
            services.latest.add([*service, usage, *currency], Sum::default());
        }
        services
    }
}

impl ServiceDays {
    /// Returns the sums in the symbols of labels.
    fn ranked(&self, rank: impl Fn(Symbol) -> Symbol, spellings: &Spellings) -> Self {
        let latest = self.latest.iter().map(|(key, sum)| (key.map(&rank), sum)).collect();
        let usual = self.usual.iter().map(|(key, sum)| (key.map(&rank), sum)).collect();
        Self {
            latest: spelled(&latest, ServiceCharge::SPELLED, spellings),
            usual: spelled(
                &usual,
                &[(0, |key| Named::Column(Column::ServiceName, key[0]))],
                spellings,
            ),
            usual_count: self.usual_count,
        }
    }
}

impl Snapshot {
    /// Returns the text of a symbol.
    pub(super) fn text(&self, symbol: Symbol) -> Cow<'_, str> {
        self.strings.texts().get(symbol)
    }

    fn fold(&mut self, rules: &Rules) {
        self.current.fold(&rules.limits, &self.strings, &mut self.folded);
        if let Some(previous) = &mut self.previous {
            // The number of folded entities is that of the open period.
            previous.fold(&rules.limits, &self.strings, &mut Folded::new());
        }
        let fold = SERVICE_DAYS.of(&rules.limits, &self.strings);
        let kept: Kept = fold.fold(&mut self.services.latest, &mut self.folded);
        let by_usage = Bound { stay: 1, ..SERVICE_DAYS };
        by_usage.of(&rules.limits, &self.strings).fold_like(&kept, &mut self.services.usual);
    }
}
