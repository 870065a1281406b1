//! `/statement`: the statements of billing periods, as pages and as JSON. What they say is made by
//! [`crate::statements`], as for the command `reconcile`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use url::form_urlencoded;

use super::month::{address, badge};
use super::{Page, answer, framed, words};
use crate::billing::overview::Overview;
use crate::billing::period::Period;
use crate::billing::period_statement::{CurrencyStatement, Line};
use crate::statements::{IN_NO_ROW, Statement, json, lines_of_day, shown};
use crate::status::{ControlSource, ScopeStatus};

/// The maximum number of currencies that are shown. Real scopes have one or two; each takes up a
/// screen.
const MOST_CURRENCIES: usize = 50;

const NO_SUCH: &str = "There is no such statement. scope is the label of a scope, period a month as YYYY-MM, format json or absent; /statement without them has the newest of every scope.\n";

/// What a request asks for.
#[derive(Default)]
struct Wanted {
    scope: Option<String>,
    period: Option<Period>,
    is_json: bool,
}

impl Wanted {
    /// Reads the query of a request; `None` if there is anything else in it.
    fn of(query: &str) -> Option<Self> {
        let mut wanted = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match (&*key, &*value) {
                ("scope", label) => wanted.scope = Some(label.to_owned()),
                ("period", month) => wanted.period = Some(month.parse().ok()?),
                ("format", "json") => wanted.is_json = true,
                _ => return None,
            }
        }
        Some(wanted)
    }

    /// Returns the statements: of a scope without a period that of the newest month that is over,
    /// else of the open one.
    fn choose<'a>(&self, scope: &'a ScopeStatus, overview: &'a Overview) -> Option<Statement<'a>> {
        let label = &scope.info.label;
        if self.scope.as_ref().is_some_and(|wanted| wanted != label) {
            return None;
        }
        let mut known = overview.statements.iter();
        let period = match self.period {
            Some(period) => known.find(|it| it.period == period),
            None => known.find(|it| it.period < overview.period).or(overview.statements.first()),
        };
        let gaps = ControlSource::ALL.into_iter().filter_map(|source| {
            Some((source.as_str(), scope.control[source as usize].failure.clone()?))
        });
        let gaps = gaps.collect();
        Some(Statement { scope: label, period: period?, corrected_until: None, gaps })
    }
}

pub(in crate::server) async fn statement(
    State(page): State<Page>,
    RawQuery(query): RawQuery,
) -> Response {
    let no_such = || (StatusCode::NOT_FOUND, NO_SUCH).into_response();
    let Some(wanted) = Wanted::of(&query.unwrap_or_default()) else { return no_such() };
    let (scopes, overviews) = page.site.exposition.overviews();
    let known: Vec<(&ScopeStatus, &Arc<Overview>)> = scopes
        .iter()
        .zip(&overviews)
        .filter_map(|(scope, overview)| Some((scope, overview.as_ref()?)))
        .collect();
    let chosen = known.iter().filter_map(|(scope, overview)| {
        Some((wanted.choose(scope, overview)?, overview.statements.as_slice()))
    });
    let chosen: Vec<_> = chosen.collect();
    if chosen.is_empty() && (wanted.scope.is_some() || wanted.period.is_some()) {
        return no_such();
    }
    if wanted.is_json {
        let lines: String = chosen.iter().map(|(statement, _)| json(statement) + "\n").collect();
        return ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response();
    }
    let content = html! {
        header {
            h1 { "Statements" }
            nav aria-label="Exporter" { a href="." { "Status" } a href="?format=json" { "JSON" } }
        }
        main {
            @if chosen.is_empty() { p.note { "No costs yet." } }
            @for (statement, all) in &chosen {
                (card(statement, all.iter().map(|it| it.period)))
            }
        }
    };
    answer(&page, framed("Statements · Azure billing exporter", &content))
}

fn card(statement: &Statement<'_>, periods: impl Iterator<Item = Period>) -> Markup {
    let period = statement.period;
    html! {
        section.card {
            h2.name title=(statement.scope) { (statement.scope) ", " (period.period) }
            p.badges { (badge(period.state)) }
            p { strong { (statement.result()) } }
            @if let Some(reservation) = statement.reservation() { p.note { (reservation) } }
            @for (source, why) in &statement.gaps {
                p.note { "Azure's " (source) " cannot be had: " (why) }
            }
            @for (currency, sums) in period.currencies.iter().take(MOST_CURRENCIES) {
                (of_currency(currency, sums))
            }
            @if period.currencies.len() > MOST_CURRENCIES {
                p.note { "And " (period.currencies.len() - MOST_CURRENCIES) " more currencies: see the JSON." }
            }
            @if period.currencies.is_empty() { p.note { "The month has no rows." } }
            @if let Some(days) = &period.days {
                p.note { (days.verified) " of " (words::count(days.complete, "complete day")) " equal Azure's total of the day." }
                @if !days.differing.is_empty() {
                    (lines(("Days that differ", "Day"), days.differing.iter().flat_map(|(date, (ours, theirs))| {
                        let lines = lines_of_day(ours, theirs).into_iter();
                        lines.map(move |(currency, line)| (format!("{date} {currency}"), line))
                    })))
                }
            }
            p.note { "In no row, and so in neither sum: " (IN_NO_ROW.join(", ")) "." }
            nav aria-label="Other months" {
                @for other in periods {
                    a href=(address(statement.scope, other)) { (other) }
                }
            }
        }
    }
}

fn of_currency(currency: &str, sums: &CurrencyStatement) -> Markup {
    let (up, down) = sums.bound;
    let parts = sums.parts.iter().chain([&sums.total]);
    html! {
        (lines((currency, "Part"), parts.map(|line| (line.name.replace('_', " "), line.clone()))))
        p.note {
            @match sums.rounding_rows {
                Some(rows) => { "Rounding rows are there: " (shown(rows)) ", predicted " (shown(sums.predicted_rounding)) "." }
                None => {
                    "No rounding rows; predicted " (shown(sums.predicted_rounding)) ", so the rows may be up to "
                    (shown(up)) " above Azure's total and " (shown(down)) " below."
                }
            }
        }
    }
}

fn lines((head, of): (&str, &str), lines: impl Iterator<Item = (String, Line)>) -> Markup {
    html! {
        div.wide {
            table.beside {
                caption { (head) }
                thead {
                    tr {
                        th scope="col" { (of) }
                        th.number scope="col" { "Rows" }
                        th.number scope="col" { "Azure" }
                        th.number scope="col" { "Difference" }
                    }
                }
                tbody {
                    @for (name, line) in lines {
                        tr {
                            th scope="row" { (name) }
                            td.number data-label="Rows" { (shown(line.rows)) }
                            td.number data-label="Azure" { (line.azure.map_or_else(|| "–".to_owned(), shown)) }
                            td.number data-label="Difference" { (line.difference().map_or_else(|| "–".to_owned(), shown)) }
                        }
                    }
                }
            }
        }
    }
}
