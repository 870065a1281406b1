//! Bars, as SVG that scales with the page. Their numbers are beside them as text, for readers who
//! do not see the bars.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

use super::words;

const HEIGHT: f64 = 100.0;
/// The width of a day, including the gap to the next.
const WIDTH: f64 = 10.0;
const GAP: f64 = 2.0;
/// The height of a bar that would otherwise be too flat to be seen.
const LEAST: f64 = 0.5;
/// The number of days that are drawn even if only the last of them is known.
const FEWEST: i64 = 14;

/// Draws a bar for each day from the first to the last; days without costs leave a gap. Refunds go
/// below the line.
pub(super) fn days(days: &BTreeMap<Date, f64>, currency: &str) -> Markup {
    let (Some((&first, _)), Some((&last, _))) = (days.first_key_value(), days.last_key_value())
    else {
        return html! {};
    };
    let (dearest, top) =
        days.iter().fold(
            (first, 0.0),
            |(day, most), (&date, &cost)| {
                if cost > most { (date, cost) } else { (day, most) }
            },
        );
    let bottom = days.values().copied().fold(0.0, f64::min);
    // Days that all cost nothing are drawn on the bottom line.
    let range = top - bottom;
    let (scale, zero) =
        if range > 0.0 { (HEIGHT / range, top * HEIGHT / range) } else { (0.0, HEIGHT - LEAST) };
    // A single bar as wide as the page would show nothing.
    let first = first.min(last.saturating_sub((FEWEST - 1).days()));
    let all = first.series(1.day()).take_while(|day| *day <= last);
    let bars: Vec<(f64, Date, f64)> = all
        .enumerate()
        .filter_map(|(place, day)| Some((place as f64 * WIDTH, day, *days.get(&day)?)))
        .collect();
    let width = bars.last().map_or(0.0, |(x, _, _)| x + WIDTH);
    let label = format!(
        "Cost of each day from {first} to {last}; the most expensive is {dearest} with {}",
        words::money(top, currency)
    );
    html! {
        figure {
            figcaption { "Cost by day" span.of { " · most on " (dearest) ": " (words::money(top, currency)) } }
            svg.days role="img" aria-label=(label) viewBox=(format!("0 0 {width} {HEIGHT}")) preserveAspectRatio="none" {
                @for (x, day, cost) in &bars {
                    rect.cost.refund[*cost < 0.0] x=(x) width=(WIDTH - GAP)
                        y=(format!("{:.2}", zero - cost.max(0.0) * scale))
                        height=(format!("{:.2}", (cost.abs() * scale).max(LEAST))) {
                        title { (day) ": " (words::money(*cost, currency)) }
                    }
                }
            }
            p.axis aria-hidden="true" { span { (first) } span { (last) } }
            details {
                summary { "The days as a table" }
                table {
                    thead { tr { th scope="col" { "Day" } th.number scope="col" { "Cost" } } }
                    tbody {
                        @for (_, day, cost) in bars.iter().rev() {
                            tr { th scope="row" { (day) } td.number { (words::money(*cost, currency)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Draws a bar for a share of the full width. The number is beside it.
pub(super) fn bar(share: f64, class: &str) -> Markup {
    let width = format!("{:.2}", share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg.bar aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none" {
            rect.track width="100" height="1" {}
            rect.(class) width=(width) height="1" {}
        }
    }
}
