//! A request for rows: its path, dates, page size and shape.

use jiff::civil::Date;

use super::{
    calendar::{day_of, month_of},
    enrollment::Scope,
    paging::{PAGING_PARAMETERS, Session, SkipToken},
    refusal::Refusal,
    selection::{Days, Rows, Selection, View},
};

/// The default page size, which is also the largest.
const LARGEST_PAGE: usize = 1000;

/// A request for a page of rows.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) selection: Selection,
    pub(super) days: Days,
    pub(super) page: SkipToken,
    /// True if the page was reached by a `nextLink`.
    pub(super) resumed: bool,
    pub(super) session: Session,
    pub(super) version: String,
    /// `$expand`, lower-cased.
    pub(super) expand: String,
}

/// The state of the enrollment that a request depends on.
pub(super) struct Context {
    pub(super) seed: u64,
    pub(super) today: Date,
    /// The last refresh, in hours since 1970.
    pub(super) as_of: i64,
    pub(super) ignore_filter: bool,
    /// Like `ignore_filter`, for a filter on a billing period that requests earlier dates.
    pub(super) ignore_late_filter: bool,
    /// True if later pages show the data of their own moment, not of the first page's.
    pub(super) drift: bool,
}

/// Reads the parameters of a request for `scope`, by `period` if its path has one.
pub(super) fn parse(
    (scope, period): (Scope, Option<Date>),
    path: &str,
    raw: &str,
    context: &Context,
) -> Result<Query, Refusal> {
    if is_badly_formed(raw) {
        return Err(Refusal::html(400, "The request is badly formed."));
    }
    let given: Vec<(String, String)> =
        url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let find = |wanted: &str| {
        let named = given.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_str())
    };
    let version = api_version(find("api-version"), "2018-03-31")?;
    let filter = match find("$filter") {
        Some(filter) => Some(dates(filter, &["properties/usageStart", "properties/usageEnd"])?),
        None => None,
    };
    let by_date = filter.filter(|_| !context.ignore_filter);
    let month = month_of(period.unwrap_or(context.today));
    let (days, rows) = match (by_date, period) {
        (Some((first, last)), None) => ((first, last), Rows::Dated),
        (Some((_, last)), Some(_)) if last < month.0 && context.ignore_late_filter => {
            (month, Rows::Billed)
        }
        (Some((_, last)), Some(_)) if last < month.0 => (month, Rows::Late),
        (Some((first, last)), Some(_)) => ((first.max(month.0), last.min(month.1)), Rows::Dated),
        (None, _) => (month, Rows::Billed),
    };
    let own = |(name, _): &&(String, String)| {
        !PAGING_PARAMETERS.iter().any(|paging| name.eq_ignore_ascii_case(paging))
    };
    let mut session = Session {
        path: path.into(),
        parameters: given.iter().filter(own).cloned().collect(),
        as_of: context.as_of,
    };
    let first = SkipToken { page: 0, offset: 0, top: page_size(find("$top"))? };
    let resumed = session.resume(context.seed, find)?;
    if context.drift {
        session.as_of = context.as_of;
    }
    Ok(Query {
        selection: Selection { scope, view: view(find("metric"))?, rows },
        days,
        page: resumed.unwrap_or(first),
        resumed: resumed.is_some(),
        session,
        version,
        expand: find("$expand").unwrap_or_default().to_ascii_lowercase(),
    })
}

/// Returns whether a query has a per cent sign without two hex digits, or a forbidden character.
fn is_badly_formed(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let escaped = |place: usize| {
        bytes.get(place + 1..place + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    bytes.iter().enumerate().any(|(place, byte)| match byte {
        b'%' => !escaped(place),
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => true,
        byte => !byte.is_ascii_graphic(),
    })
}

/// Returns the requested version, if it is a version and not older than `oldest`.
pub(super) fn api_version(given: Option<&str>, oldest: &str) -> Result<String, Refusal> {
    let Some(version) = given else {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(Refusal::error(400, "MissingApiVersionParameter", message));
    };
    let dated = version.get(..10).is_some_and(|date| date.parse::<Date>().is_ok());
    if dated && version >= oldest {
        return Ok(version.into());
    }
    let message = format!("The api-version '{version}' is invalid for this resource type.");
    Err(Refusal::error(400, "InvalidApiVersionParameter", &message))
}

fn page_size(given: Option<&str>) -> Result<usize, Refusal> {
    match given.map_or(Ok(LARGEST_PAGE), str::parse) {
        Ok(size @ 1..=LARGEST_PAGE) => Ok(size),
        _ => Err(Refusal::bad_request("$top must be between 1 and 1000.")),
    }
}

fn view(given: Option<&str>) -> Result<View, Refusal> {
    match given.map(str::to_ascii_lowercase).as_deref() {
        None | Some("actualcost" | "usage") => Ok(View::Actual),
        Some("amortizedcost") => Ok(View::Amortized),
        Some(_) => Err(Refusal::bad_request("metric is not valid.")),
    }
}

/// Returns the days, both included, of
/// `properties/usageStart ge '2026-11-01' and properties/usageEnd le '2026-11-30'`, which may name
/// these `fields`.
pub(super) fn dates(filter: &str, fields: &[&str]) -> Result<Days, Refusal> {
    let refused = || Refusal::error(400, "BadRequest", &format!("Invalid $filter: {filter}"));
    let (mut first, mut last) = (i64::MIN, i64::MAX);
    for clause in filter.replace(" AND ", " and ").split(" and ") {
        let [field, operator, value] = clause.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(refused());
        };
        if !fields.contains(&field) {
            return Err(refused());
        }
        // Hours are legal and ignored: the answer has whole days.
        let date = value.trim_matches('\'').get(..10).and_then(|date| date.parse().ok());
        let day = day_of(date.ok_or_else(refused)?);
        match operator {
            "ge" => first = first.max(day),
            "gt" => first = first.max(day + 1),
            "le" => last = last.min(day),
            "lt" => last = last.min(day - 1),
            "eq" => (first, last) = (first.max(day), last.min(day)),
            _ => return Err(refused()),
        }
    }
    Ok((first, last))
}
