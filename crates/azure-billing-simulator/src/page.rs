//! The text of one page.

use super::{
    calendar::date_of,
    fault::Fault,
    json::quoted,
    ledger::Ledger,
    paging::SkipToken,
    query::Query,
    refusal::FOREIGN_BASE,
    wire::{Style, write_row},
};

/// The approximate bytes of a row.
const ROW_BYTES: usize = 2048;

/// Writes the page that `query` requests, with `nextLink` first and based on `base` (scheme and
/// host), changed as the `fault` says.
pub(super) fn write(ledger: &Ledger, query: &Query, base: &str, fault: Option<&Fault>) -> String {
    let (page, as_of) = (query.page, query.session.as_of);
    // The rows of a lost page come after this one's, and no link leads to them.
    let lost = if fault == Some(&Fault::LostPage) { page.top } else { 0 };
    let all = page.top + lost;
    // One row more than the page has shows whether the page is the last one.
    let mut rows = ledger.page(query.selection, query.days, as_of, page.offset, all + 1);
    let more = rows.len() > all;
    let next = next_token(query, rows.len().min(all) as u64, more, fault);
    rows.truncate(page.top);
    match fault {
        Some(Fault::EmptyPageWithNextLink) => rows.clear(),
        Some(Fault::DropRows { percent }) => {
            rows.retain(|(day, index)| !ledger.is_left_out(*day, *index, u64::from(*percent)));
        }
        Some(Fault::ShortPage { rows: shown }) => rows.truncate(*shown),
        _ => {}
    }
    let mut text = String::with_capacity(1024 + rows.len() * ROW_BYTES);
    text.push('{');
    if let Some(token) = next {
        let base = if fault == Some(&Fault::ForeignNextLink) { FOREIGN_BASE } else { base };
        text.push_str("\"nextLink\":");
        quoted(&mut text, &query.session.link(base, ledger.seed, token));
        text.push(',');
    }
    write_rows(&mut text, ledger, query, &rows, fault);
    text
}

/// Returns the token in the page's link; `None` on the last page.
fn next_token(query: &Query, rows: u64, more: bool, fault: Option<&Fault>) -> Option<SkipToken> {
    let page = query.page;
    // A page reached by its own link contains that link again, for ever.
    let stuck = query.resumed && page.page == 0;
    match fault {
        Some(Fault::RepeatedNextLink) => Some(page),
        _ if stuck => Some(page),
        Some(Fault::EmptyPageWithNextLink | Fault::RepeatedPage) => Some(page.next(0)),
        Some(Fault::ForeignNextLink) => Some(page.next(rows)),
        _ => more.then(|| page.next(rows)),
    }
}

fn write_rows(
    text: &mut String,
    ledger: &Ledger,
    query: &Query,
    rows: &[(i64, u64)],
    fault: Option<&Fault>,
) {
    let as_of = query.session.as_of;
    let style = Style {
        version: query.version.clone(),
        meter_details: query.expand.contains("meterdetails"),
        additional_info: query.expand.contains("additional"),
        view: query.selection.view,
        named_period: date_of(as_of.div_euclid(24)).strftime("%Y%m01").to_string(),
    };
    text.push_str("\"value\":[");
    for (place, (day, index)) in rows.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if matches!(fault, Some(Fault::CutBody { after_rows, .. }) if *after_rows == place) {
            text.push_str("{\"id\":\"/subscriptions/0000");
            return;
        }
        write_row(text, &ledger.row(*day, *index, as_of), &style);
    }
    if !matches!(fault, Some(Fault::CutBody { .. })) {
        text.push_str("]}");
    }
}
