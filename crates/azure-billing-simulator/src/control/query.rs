//! Answers a query: sums by date and by what it groups by, eight decimals of each.

use std::collections::BTreeMap;

use axum::response::Response;
use http::{Method, request::Parts};
use jiff::civil::Date;

use super::{
    super::{
        calendar::{date_of, day_of},
        cell::Cell,
        chance::{guid, hash_text, mix},
        charges::Part,
        enrollment::{Scope, subscription_id},
        fault::Fault,
        json::{Object, quoted},
        ledger::Ledger,
        money::json_number,
        options::ControlOptions,
        quota::with_quota,
        refusal::{FOREIGN_BASE, Refusal},
        response::{answer, host},
        simulator::Simulator,
    },
    columns::{Value, columns},
    order::{Dimension, Granularity, Order},
    parameters::{parameters, version},
};

/// The oldest version of the query that is answered.
const OLDEST_VERSION: &str = "2018-08-31";
/// The decimals of a cost. What lies below them is cut: Azure says that it does not round.
const DECIMALS: u32 = 8;
/// The units of the ledger in the last of these decimals.
const LAST_DECIMAL: i128 = 10_000_000;
/// The days between a late row's own date and the day that bills it.
const LATE_DAYS: i64 = 5;

/// One row of an answer: its date, what it is grouped by, its currency. Its cost is the value.
type Sums = BTreeMap<(Option<i64>, Vec<String>, &'static str), i128>;

/// Answers a request for daily totals.
pub(in super::super) fn query(
    simulator: &Simulator,
    parts: &Parts,
    body: &[u8],
    scope: Scope,
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only POST is supported."));
    }
    let given = parameters(parts);
    version(&given, OLDEST_VERSION)?;
    let order = Order::parse(body, simulator.context().today)?;
    let quota = simulator.spend(order.months)?;
    let page = Page::of(&given, body, simulator.totals_as_of(fault))?;
    let options = &simulator.0.options.control;
    let sums = sums(simulator.ledger(), options, scope, &order, page.as_of);
    if sums.is_empty() {
        return Ok(answer(with_quota(Refusal::html(204, ""), quota), fault));
    }
    let text = write(simulator, parts, (&order, &sums), page, fault);
    let told = Refusal::written(text);
    Ok(answer(with_quota(told, quota), fault))
}

/// The place where a query continues, bound to its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    number: u64,
    offset: usize,
    as_of: i64,
    /// A hash of the body, by which another one is refused.
    body: u64,
    resumed: bool,
}

impl Page {
    fn of(given: &[(String, String)], body: &[u8], as_of: i64) -> Result<Self, Refusal> {
        let value = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
        let body = hash_text(&value.to_string());
        let token = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("$skiptoken"));
        let Some((_, token)) = token else {
            return Ok(Self { number: 0, offset: 0, as_of, body, resumed: false });
        };
        let mut numbers = token.split('.').map(|part| u64::from_str_radix(part, 16).ok());
        let mut next = || numbers.next().flatten();
        let (Some(number), Some(offset), Some(as_of), Some(bound)) =
            (next(), next(), next(), next())
        else {
            return Err(Refusal::error(400, "BadRequest", "Invalid skiptoken."));
        };
        if bound != body {
            let message = "The request body is not that of the first page.";
            return Err(Refusal::error(400, "BadRequest", message));
        }
        Ok(Self { number, offset: offset as usize, as_of: as_of as i64, body, resumed: true })
    }

    fn token(self) -> String {
        format!("{:X}.{:X}.{:X}.{:X}", self.number, self.offset, self.as_of, self.body)
    }

    fn next(self, rows: usize) -> Self {
        Self { number: self.number + 1, offset: self.offset + rows, ..self }
    }
}

fn sums(
    ledger: &Ledger,
    options: &ControlOptions,
    scope: Scope,
    order: &Order,
    as_of: i64,
) -> Sums {
    let mut sums = Sums::new();
    let mut add = |day: i64, cell: &Cell, units: i128| {
        let purchase = matches!(cell.charge_type, "Purchase" | "Refund");
        if !scope.contains(cell.subscription) || purchase && order.usage_only {
            return;
        }
        let date = match order.granularity {
            Granularity::None => None,
            Granularity::Daily => Some(day),
            Granularity::Monthly => Some(day_of(date_of(day).first_of_month())),
        };
        let groups = order.grouping.iter().map(|dimension| label(*dimension, cell)).collect();
        *sums.entry((date, groups, cell.currency)).or_default() += units;
    };
    for day in ledger.existing(order.days, as_of) {
        for (cell, units) in ledger.cells(order.view, day, as_of).iter() {
            let hidden = cell.rounding && !options.rounding_in_query;
            if !cell.late && !hidden {
                add(day, cell, *units);
            }
        }
        for part in Part::ALL.into_iter().filter(|_| options.rounding_in_query) {
            if let Some((cell, units)) = ledger.rounding_cell(day, part, as_of) {
                add(day, &cell, units);
            }
        }
    }
    if options.late_rows_in_query {
        let late = (order.days.0 + LATE_DAYS, order.days.1 + LATE_DAYS);
        for day in ledger.existing(late, as_of) {
            let cells = ledger.cells(order.view, day, as_of);
            let of_late = |(cell, _): &(&Cell, &i128)| cell.late;
            cells
                .iter()
                .filter(of_late)
                .for_each(|(cell, units)| add(day - LATE_DAYS, cell, *units));
        }
    }
    sums
}

/// Returns the value of a dimension, in the lower case of real answers.
fn label(dimension: Dimension, cell: &Cell) -> String {
    match dimension {
        Dimension::ChargeType => cell.charge_type.to_ascii_lowercase(),
        Dimension::PublisherType if cell.part == Part::Marketplace => "marketplace".into(),
        Dimension::PublisherType => "azure".into(),
        Dimension::SubscriptionId => cell.subscription.map(subscription_id).unwrap_or_default(),
    }
}

/// Writes a page: its columns, its rows, its link.
fn write(
    simulator: &Simulator,
    parts: &Parts,
    (order, sums): (&Order, &Sums),
    page: Page,
    fault: Option<&Fault>,
) -> String {
    let options = &simulator.0.options.control;
    let size = options.query_page.max(1);
    let rows: Vec<_> = sums.iter().skip(page.offset).take(size).collect();
    let more = sums.len() > page.offset + rows.len();
    let shown = if fault == Some(&Fault::EmptyPageWithNextLink) { &[] } else { &rows[..] };
    let columns = columns(order, options, simulator.ledger().seed, fault);
    let path = parts.uri.path();
    let name = guid(mix(page.body, page.number));
    let mut text = String::new();
    let mut object = Object::open(&mut text);
    object
        .text("id", &[path.trim_start_matches('/'), "/", &name].concat())
        .text("name", &name)
        .text("type", "Microsoft.CostManagement/query");
    let mut properties = object.object("properties");
    match next(page, rows.len(), more, fault) {
        Some(next) => properties.text("nextLink", &link(simulator, parts, next, fault)),
        None => properties.null("nextLink"),
    };
    let named = columns.iter().map(|column| {
        let mut text = String::new();
        let mut object = Object::open(&mut text);
        object.text("name", &column.name).text("type", column.kind);
        object.close();
        text
    });
    properties.raw("columns", &format!("[{}]", named.collect::<Vec<_>>().join(",")));
    let row = |((date, groups, currency), units): &(&(Option<i64>, Vec<String>, &str), &i128)| {
        let values = columns.iter().map(|column| match column.value {
            Value::Cost => json_number(**units / LAST_DECIMAL, DECIMALS),
            Value::Date => date.map_or_else(String::new, |day| written(date_of(day), order)),
            Value::Group(place) => text_of(&groups[place]),
            Value::Currency => text_of(currency),
        });
        format!("[{}]", values.collect::<Vec<_>>().join(","))
    };
    properties.raw("rows", &format!("[{}]", shown.iter().map(row).collect::<Vec<_>>().join(",")));
    properties.close();
    object.close();
    text
}

fn text_of(text: &str) -> String {
    let mut written = String::new();
    quoted(&mut written, text);
    written
}

/// Returns a date as its column writes it: `20261101`, or a month's first moment.
fn written(date: Date, order: &Order) -> String {
    if order.granularity == Granularity::Monthly {
        return format!("\"{date}T00:00:00\"");
    }
    date.strftime("%Y%m%d").to_string()
}

/// Returns the page that the answer links to.
fn next(page: Page, rows: usize, more: bool, fault: Option<&Fault>) -> Option<Page> {
    // A page reached by its own link contains that link again, for ever.
    let stuck = page.resumed && page.number == 0;
    match fault {
        Some(Fault::RepeatedNextLink) => Some(page),
        _ if stuck => Some(page),
        Some(Fault::EmptyPageWithNextLink) => Some(page.next(0)),
        Some(Fault::ForeignNextLink) => Some(page.next(rows)),
        _ => more.then(|| page.next(rows)),
    }
}

fn link(simulator: &Simulator, parts: &Parts, next: Page, fault: Option<&Fault>) -> String {
    let base = match fault {
        Some(Fault::ForeignNextLink) => FOREIGN_BASE.to_owned(),
        _ => format!("{}://{}", simulator.scheme(), host(parts)),
    };
    let own = |(name, _): &(String, String)| !name.eq_ignore_ascii_case("$skiptoken");
    let given: Vec<String> = parameters(parts)
        .into_iter()
        .filter(own)
        .map(|(name, value)| format!("{name}={value}&"))
        .collect();
    format!("{base}{}?{}$skiptoken={}", parts.uri.path(), given.concat(), next.token())
}
