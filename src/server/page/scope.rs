//! One scope on the page: the state of its polling, and its costs in each currency.

use jiff::Timestamp;
use maud::{Markup, html};

use super::listed::Listed;
use super::{chart, seal, words};
use crate::billing::charge::Degradation;
use crate::billing::overview::{BudgetUse, Costly, Costs, Overview};
use crate::billing::scope::CostType;
use crate::status::{PollPart, ScopeStatus};

/// The state of a scope's polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The first poll has not ended yet.
    Waiting,
    /// The last poll succeeded.
    Good,
    /// The last poll failed; the costs on the page are older.
    Failed,
    /// The poll loop has ended by a bug.
    Dead,
}

impl State {
    pub(super) fn of(status: &ScopeStatus) -> Self {
        match &status.last_poll {
            _ if status.dead => Self::Dead,
            None => Self::Waiting,
            Some(poll) if poll.failure.is_some() => Self::Failed,
            Some(_) => Self::Good,
        }
    }

    pub(super) const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Dead)
    }

    /// Shows a sign, a word and a colour, because not every reader sees all of them.
    pub(super) fn badge(self) -> Markup {
        let (class, sign, word) = match self {
            Self::Waiting => ("waiting", "…", "reading"),
            Self::Good => ("good", "✓", "ok"),
            Self::Failed => ("bad", "!", "failed"),
            Self::Dead => ("bad", "✗", "stopped"),
        };
        html! { span.badge.(class) { span aria-hidden="true" { (sign) " " } (word) } }
    }
}

pub(super) fn card(index: usize, scope: &Listed<'_>, now: Timestamp) -> Markup {
    let Listed { status, overview, nested } = *scope;
    let id = format!("scope-{index}");
    html! {
        section.card aria-labelledby=(id) {
            h2.name id=(id) title=(status.info.label) { (status.info.label) }
            p.badges {
                (State::of(status).badge())
                span.badge { (kind(status)) " " (status.info.id.id) }
                @if nested { span.badge.nested { "nested: part of a billing account, do not add both" } }
            }
            (polling(status, overview, now))
            (seal::seal(status, overview, now))
            (trouble(status))
            (older_trouble(status))
            @if let Some(overview) = overview { (doubts(overview)) }
            @match overview {
                Some(overview) => {
                    @for (currency, costs) in &overview.currencies {
                        (money(overview, currency, costs))
                    }
                    @if overview.more_currencies > 0 {
                        p.note { "And " (overview.more_currencies) " more currencies: see the metrics." }
                    }
                    @if overview.currencies.is_empty() { p.note { "Azure has billed nothing yet." } }
                }
                None => {
                    p.note {
                        "No costs yet. A first reading takes a few minutes for small scopes and up to some hours for large ones: Azure allows a few calls a minute, of 1,000 rows each."
                    }
                }
            }
        }
    }
}

fn kind(status: &ScopeStatus) -> String {
    let kind = status.info.id.scope_type.as_str().replace('_', " ");
    match status.info.id.cost {
        CostType::Actual => kind,
        CostType::Amortized => format!("amortized costs of {kind}"),
    }
}

fn polling(status: &ScopeStatus, overview: Option<&Overview>, now: Timestamp) -> Markup {
    html! {
        dl.facts {
            div {
                dt { "Polled" }
                dd { "every " (words::span(status.interval)) ", " (words::count(status.polls, "poll")) " so far" }
            }
            div {
                dt { "Last success" }
                dd {
                    @match status.last_success {
                        Some(at) => { (words::ago(at, now)) " " (words::time(at)) }
                        None => "none yet",
                    }
                }
            }
            @if let Some(newest) = overview.and_then(|overview| overview.newest_usage) {
                div { dt { "Usage up to" } dd { (words::ago(newest, now)) " " (words::time(newest)) } }
            }
            @if let Some(rows) = status.rows {
                div { dt { "Last poll read" } dd { (words::count(rows, "row")) } }
            }
        }
    }
}

/// Shows what failed, since when, and what to do, in the words of the log.
fn trouble(status: &ScopeStatus) -> Markup {
    let failure = status.last_poll.as_ref().and_then(|poll| Some((poll, poll.failure.as_ref()?)));
    html! {
        @if status.dead {
            p.trouble role="alert" {
                strong { "Polling has ended because of a bug." }
                " See the log, restart the exporter and report this."
            }
        }
        @if let Some((poll, (reason, what))) = failure {
            p.trouble role="alert" {
                strong { "The last poll failed (" (reason.as_str()) ")" }
                " · began " (words::moment(poll.began)) " · " (what)
                @if status.last_success.is_some() { " The costs below are those of the last success." }
            }
        }
    }
}

/// Shows failed parts of the poll other than the open period, whose costs are still right.
fn older_trouble(status: &ScopeStatus) -> Markup {
    let parts = PollPart::ALL.into_iter().zip(&status.parts).skip(1);
    let failed = parts.filter_map(|(part, result)| Some((part, result.as_ref()?.as_ref().err()?)));
    html! {
        @for (part, (reason, what)) in failed {
            p.doubt role="status" {
                strong { "Not read: " (part.describe()) " (" (reason.as_str()) ")" }
                " · tried again by itself · " (what)
            }
        }
    }
}

/// Shows what makes the costs less certain than they look.
fn doubts(overview: &Overview) -> Markup {
    html! {
        @if !overview.charges_visible {
            p.doubt role="status" {
                strong { "Charges may be hidden." }
                " Usage costs 0 and names no price. If \"view charges\" is off, ask an enterprise administrator to turn it on; if the scope really costs nothing, set "
                code { "charges: free" } " on it."
            }
        }
        @if !overview.degraded_rows.is_empty() {
            p.note {
                "Rows that count although a field of them could not be read: "
                @for (index, (degradation, rows)) in overview.degraded_rows.iter().enumerate() {
                    @if index > 0 { ", " }
                    (words::count(*rows, "row")) " " (unread(*degradation))
                }
                "."
            }
        }
    }
}

const fn unread(degradation: Degradation) -> &'static str {
    match degradation {
        Degradation::Tags => "with unreadable tags",
        Degradation::Text => "with an unreadable text",
        Degradation::NoCost => "without a cost (counted as 0)",
        Degradation::NoDate => "without a date (counted in the period)",
    }
}

fn money(overview: &Overview, currency: &str, costs: &Costs) -> Markup {
    html! {
        section.currency aria-label={ "Costs in " (currency) } {
            dl.figures {
                div {
                    dt { "Cost to date, " (overview.period) }
                    dd { (words::money(costs.to_date, currency)) }
                }
                @if let Some(forecast) = costs.forecast {
                    div { dt { "Forecast for the month" } dd { (words::money(forecast, currency)) } }
                }
                @for budget in &costs.budgets { (spending(budget, currency)) }
            }
            (chart::days(&costs.days, currency))
            div.columns {
                (costliest("Costliest instances", &costs.instances, currency))
                (costliest("Costliest services", &costs.services, currency))
            }
        }
    }
}

fn spending(budget: &BudgetUse, currency: &str) -> Markup {
    let share = budget.spent.map(|spent| spent / budget.limit).filter(|share| share.is_finite());
    html! {
        div {
            dt.name title=(budget.name) { "Budget " (budget.name) }
            dd {
                @match budget.spent {
                    Some(spent) => (words::money(spent, currency)),
                    None => "not known yet",
                }
                span.of { " of " (words::money(budget.limit, currency)) }
            }
            @if let Some(share) = share {
                dd.share {
                    (chart::bar(share, if share > 1.0 { "over" } else { "spent" }))
                    (format!("{:.0} %", share * 100.0)) @if share > 1.0 { " · over budget" }
                }
            }
        }
    }
}

fn costliest(heading: &str, costliest: &[Costly], currency: &str) -> Markup {
    let most = costliest.first().map_or(1.0, |costly| costly.cost);
    html! {
        @if !costliest.is_empty() {
            section aria-label={ (heading) " in " (currency) } {
                h3 { (heading) }
                ol.costliest {
                    @for costly in costliest {
                        @let name = if costly.name.is_empty() { "(none: purchases, Marketplace)" } else { &costly.name };
                        li {
                            span.name title=(if costly.id.is_empty() { name } else { &costly.id }) { (name) }
                            span.number { (words::money(costly.cost, currency)) }
                            (chart::bar(costly.cost / most, "cost"))
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::billing::period::Period;

    fn suspects_of(degraded_rows: Vec<(Degradation, u64)>, charges_visible: bool) -> String {
        let overview = Overview {
            period: Period::of(jiff::civil::date(2026, 11, 1)),
            newest_usage: None,
            currencies: BTreeMap::new(),
            more_currencies: 0,
            billing_accounts: BTreeSet::new(),
            degraded_rows,
            charges_visible,
            statements: Vec::new(),
            seal: None,
        };
        doubts(&overview).into_string()
    }

    #[test]
    fn what_was_not_read_in_full_is_told_with_its_number_and_nothing_is_told_of_nothing() {
        assert_eq!(suspects_of(Vec::new(), true), "");
        let rows = vec![(Degradation::Tags, 1), (Degradation::NoCost, 1200)];
        let told = suspects_of(rows, true);
        assert!(
            told.contains("1 row with unreadable tags, 1,200 rows without a cost (counted as 0)."),
            "{told}"
        );
        assert!(suspects_of(Vec::new(), false).contains("Charges may be hidden."));
    }
}
