//! The seal of a scope: how far Azure's own totals confirm its days.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{month, words};
use crate::billing::control::DateState;
use crate::billing::overview::Overview;
use crate::billing::seal::{DifferingDay, Seal};
use crate::status::{ControlSource, ScopeStatus};

/// Shows what is verified, what differs, and which totals are not to be had. Shows nothing if Azure
/// was not asked.
pub(super) fn seal(status: &ScopeStatus, overview: Option<&Overview>, now: Timestamp) -> Markup {
    html! {
        @if let Some(seal) = overview.and_then(|it| it.seal.as_ref()) {
            (facts(seal, now))
            @if !seal.differing.is_empty() { (differing(seal)) }
        }
        @if let Some(overview) = overview { (last_month(&status.info.label, overview)) }
        (unavailable(status))
    }
}

fn facts(seal: &Seal, now: Timestamp) -> Markup {
    let others = others(seal);
    html! {
        dl.facts.seal {
            div {
                dt { "Rows against Azure's own totals" }
                dd { (badge(seal)) }
            }
            @if !others.is_empty() {
                div { dt { "Other complete days" } dd { (others) } }
            }
            @if let Some(day) = seal.newest_verified {
                div { dt { "Newest verified day" } dd { (day) } }
            }
            div {
                dt { "Azure's totals are from" }
                dd { (words::ago(seal.asked_at, now)) " " (words::time(seal.asked_at)) }
            }
        }
    }
}

/// Shows the number of verified days with a sign and a colour.
fn badge(seal: &Seal) -> Markup {
    let (verified, differ) = (seal.days_in(DateState::Verified), seal.days_in(DateState::Differs));
    let (class, sign) = match seal.complete {
        _ if differ > 0 => ("bad", "≠ "),
        0 => ("waiting", "… "),
        complete if verified == complete => ("good", "✓ "),
        _ => ("waiting", "… "),
    };
    let meaning = "Verified: the rows of the day add up to Azure's own total, so that nothing was lost on the way.";
    html! {
        span.badge.(class) title=(meaning) {
            span aria-hidden="true" { (sign) }
            @if seal.complete == 0 {
                "no complete day yet"
            } @else {
                (words::number(verified)) " of " (words::count(seal.complete, "complete day")) " verified"
            }
        }
    }
}

/// Returns the numbers of complete days that are not verified, without zeros.
fn others(seal: &Seal) -> String {
    let (differ, unverified) = (DateState::Differs, DateState::Unverified);
    let others =
        [(differ, "differing"), (unverified, "not compared"), (DateState::Suspect, "suspect")];
    let others = others.map(|(state, word)| (seal.days_in(state), word)).into_iter();
    let told = others
        .filter(|(days, _)| *days > 0)
        .map(|(days, word)| format!("{} {word}", words::number(days)));
    told.collect::<Vec<_>>().join(", ")
}

/// Shows both sums of the days that differ: Azure's never takes the place of ours.
fn differing(seal: &Seal) -> Markup {
    html! {
        div.wide {
            table.beside {
                caption { "Days whose rows do not add up to Azure's own total" }
                thead {
                    tr {
                        th scope="col" { "Day" }
                        th.number scope="col" { "Our rows" }
                        th.number scope="col" { "Azure's total" }
                        th.number scope="col" { "Difference" }
                    }
                }
                tbody { @for day in &seal.differing { (sums(day)) } }
            }
        }
        @if seal.more_differing() > 0 {
            p.note { "And " (words::count(seal.more_differing(), "more day")) ": see the metrics." }
        }
    }
}

fn sums(day: &DifferingDay) -> Markup {
    html! {
        @for sum in &day.sums {
            tr {
                th scope="row" { (day.day) }
                td.number data-label="Our rows" { (words::money(sum.ours, &sum.currency)) }
                td.number data-label="Azure's total" { (words::money(sum.azures, &sum.currency)) }
                td.number data-label="Difference" {
                    @if sum.difference > 0.0 { "+" }
                    (words::money(sum.difference, &sum.currency))
                }
            }
        }
        @if day.more_currencies > 0 {
            tr {
                th scope="row" { (day.day) }
                td colspan="3" { "and " (day.more_currencies) " more currencies: see the metrics" }
            }
        }
    }
}

/// Shows the state of the month that is over, with its statement.
fn last_month(scope: &str, overview: &Overview) -> Markup {
    let over = overview.statements.iter().find(|month| month.period < overview.period);
    html! {
        @if let Some(over) = over {
            dl.facts.seal {
                div {
                    dt { "Last month" }
                    dd {
                        (over.period) " " (month::badge(over.state)) " "
                        a href={ "statement" (month::address(scope, over.period)) } { "Statement" }
                    }
                }
            }
        }
    }
}

/// Shows which totals Azure did not give, and why, in the words of the log.
fn unavailable(status: &ScopeStatus) -> Markup {
    let sources = ControlSource::ALL.into_iter().zip(&status.control);
    let failed = sources.filter_map(|(source, control)| Some((source, control.failure.as_ref()?)));
    html! {
        @for (source, what) in failed {
            p.doubt role="status" {
                strong { "Azure gave no " (source.describe()) " (" (source.as_str()) ")" }
                " · costs are published without it · asked again by itself · " (what)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::seal::DifferingSum;

    fn shown(complete: u64, days: [u64; DateState::ALL.len()], listed: u64) -> String {
        let sum = |currency: &str, difference| DifferingSum {
            currency: currency.to_owned(),
            ours: 90.0,
            azures: 90.0 - difference,
            difference,
        };
        let day = |number: u64| DifferingDay {
            day: date(2026, 11, 1 + i8::try_from(number).unwrap()),
            sums: vec![sum("EUR", -10.0), sum("USD", 2.5)],
            more_currencies: 7,
        };
        let asked_at: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let it = Seal {
            complete,
            days,
            newest_verified: Some(date(2026, 11, 20)),
            differing: (0..listed).map(day).collect(),
            asked_at,
        };
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        html! { (facts(&it, now)) @if listed > 0 { (differing(&it)) } }.into_string()
    }

    #[test]
    fn every_complete_day_is_told_in_its_state() {
        let all = shown(28, [0, 0, 28, 0, 0], 0);
        assert!(all.contains("badge good") && all.contains("28 of 28 complete days verified"));
        assert!(all.contains("2026-11-20") && all.contains("3 h ago"), "{all}");
        assert!(!all.contains("Other complete days"), "{all}");
        let some = shown(28, [0, 1, 26, 1, 0], 0);
        assert!(some.contains("badge waiting"), "{some}");
        assert!(some.contains("1 not compared, 1 suspect"), "{some}");
        let none = shown(0, [0; DateState::ALL.len()], 0);
        assert!(none.contains("badge waiting") && none.contains("no complete day yet"), "{none}");
        assert!(shown(1, [0, 0, 0, 0, 1], 1).contains("0 of 1 complete day verified"));
    }

    #[test]
    fn a_day_that_differs_shows_both_sums_in_each_currency_and_the_rest_is_counted() {
        let few = shown(28, [0, 0, 26, 0, 2], 2);
        assert!(few.contains("badge bad") && few.contains("2 differing"), "{few}");
        for expected in [
            "90.00 EUR",
            "100.00 EUR",
            "−10.00 EUR",
            "87.50 USD",
            "+2.50 USD",
            "and 7 more currencies",
        ] {
            assert!(few.contains(expected), "{expected} in {few}");
        }
        assert!(!few.contains("more day"), "{few}");
        assert!(shown(28, [0, 0, 20, 0, 8], 5).contains("And 3 more days: see the metrics."));
    }
}
