//! The status page: the state of polling, and the costs. It is made for each request, from the same
//! overviews and status as the metrics. It has no script: it is HTML, one style sheet and SVG.
//!
//! Every value passes `maud`'s escaping; the style sheet is the only text that does not. Amounts of
//! two currencies or two scopes are shown side by side and never added.

mod chart;
mod listed;
mod month;
mod scope;
mod seal;
mod statement;
mod words;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest;

use super::app_state::AppState;
use crate::billing::overview::Overview;
use crate::status::ScopeStatus;
use listed::Listed;
use scope::State as ScopeState;
pub(super) use statement::statement;

const STYLE: &str = include_str!("style.css");

/// The seconds after which an open page reloads itself.
const REFRESH: &str = "60";

/// The address of the documentation.
const DOCUMENTATION: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/tree/main/docs");

/// The parts that all requests share.
#[derive(Clone)]
pub(super) struct Page {
    site: AppState,
    started: Timestamp,
    /// A Content-Security-Policy that allows nothing except the style sheet, by its digest.
    policy: Arc<str>,
}

impl Page {
    pub(super) fn new(site: &AppState) -> Self {
        let style = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self { site: site.clone(), started: (site.now)(), policy: policy.into() }
    }
}

pub(super) async fn index(State(page): State<Page>) -> Response {
    let refreshed = [(header::REFRESH, REFRESH)];
    (refreshed, answer(&page, document(&page))).into_response()
}

/// Returns a document with the headers of every page.
fn answer(page: &Page, document: Markup) -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, &page.policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(document.into_string())).into_response()
}

fn document(page: &Page) -> Markup {
    let site = &page.site;
    let (scopes, overviews) = site.exposition.overviews();
    let overviews = overviews.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    let mut listed = Vec::new();
    for (status, overview) in scopes.iter().zip(overviews) {
        listed.push(Listed::of(status, overview, &scopes));
    }
    let scopes = listed;
    let now = (site.now)();
    let version = env!("CARGO_PKG_VERSION");
    let content = html! {
        header {
            h1 { "Azure billing exporter" }
            @if site.demo { p.demo role="note" { strong { "Demo" } " · every cost here is simulated" } }
            (links(site))
        }
        main {
            (reload_trouble(site))
            (summary(&scopes, now))
            @for (index, scope) in scopes.iter().enumerate() {
                (scope::card(index, scope, now))
            }
        }
        footer {
            p {
                "Version " (version) ", running since " (words::moment(page.started))
                ". Costs are before tax: what Azure has rated so far, as of the last successful poll. "
                "This page is of " (words::moment(now)) " and reloads every minute."
            }
        }
    };
    framed(&title(&scopes), &content)
}

/// Returns a document of some content.
fn framed(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
}

/// Returns the title, which also shows failures to readers who see only the tab.
fn title(scopes: &[Listed<'_>]) -> String {
    let bad = scopes.iter().filter(|scope| ScopeState::of(scope.status).is_bad()).count();
    match bad {
        0 => "Azure billing exporter".to_owned(),
        bad => format!("({bad} failing) Azure billing exporter"),
    }
}

/// Returns the links. They are relative, so that they also work behind a proxy that serves the page
/// below another path.
fn links(site: &AppState) -> Markup {
    html! {
        nav aria-label="Exporter" {
            a href=(site.telemetry_path.as_str().trim_start_matches('/')) { "Metrics" }
            a href="statement" { "Statements" }
            a href="-/healthy" { "Health" }
            a href="-/ready" { "Readiness" }
            a href=(DOCUMENTATION) { "Documentation" }
        }
    }
}

/// Says why the page does not follow the configuration file, if the last reload failed.
fn reload_trouble(site: &AppState) -> Markup {
    let failed = site.status.last_reload().filter(|reload| !reload.successful);
    html! {
        @if let Some(reload) = failed {
            p.trouble role="status" {
                "The configuration file cannot be used: the configuration of " (words::moment(reload.success_at))
                " stays in force. The log says why."
            }
        }
    }
}

/// Shows all scopes, one line each.
fn summary(scopes: &[Listed<'_>], now: Timestamp) -> Markup {
    html! {
        section.card aria-labelledby="scopes" {
            h2 #scopes { "Scopes" }
            div.wide {
                table.scopes {
                    thead {
                        tr {
                            th scope="col" { "Scope" }
                            th scope="col" { "State" }
                            th scope="col" { "Polled" }
                            th.number scope="col" { "Cost to date" }
                            th.number scope="col" { "Forecast" }
                        }
                    }
                    tbody {
                        @for (index, Listed { status, overview, nested }) in scopes.iter().enumerate() {
                            tr {
                                th.name scope="row" {
                                    a href={ "#scope-" (index) } title=(status.info.label) { (status.info.label) }
                                    @if *nested { span.badge.nested { "nested" } }
                                }
                                td data-label="State" { (ScopeState::of(status).badge()) }
                                td data-label="Polled" { (polled(status, now)) }
                                td.number data-label="Cost to date" { (by_currency(*overview, |costs| Some(costs.to_date))) }
                                td.number data-label="Forecast" { (by_currency(*overview, |costs| costs.forecast)) }
                            }
                        }
                    }
                }
            }
            @if scopes.iter().any(|scope| scope.nested) {
                p.note { "Nested scopes are part of a billing account that is listed too: do not add both." }
            }
        }
    }
}

fn polled(status: &ScopeStatus, now: Timestamp) -> String {
    status.last_success.map_or_else(|| "not yet".to_owned(), |at| words::ago(at, now))
}

/// Shows one line for each currency, because they cannot be added.
fn by_currency(
    overview: Option<&Overview>,
    amount: impl Fn(&crate::billing::overview::Costs) -> Option<f64>,
) -> Markup {
    let currencies = overview.into_iter().flat_map(|overview| &overview.currencies);
    let known: Vec<String> = currencies
        .filter_map(|(currency, costs)| Some(words::money(amount(costs)?, currency)))
        .collect();
    html! {
        @if known.is_empty() { "–" }
        @for amount in known { span.line { (amount) } }
    }
}
