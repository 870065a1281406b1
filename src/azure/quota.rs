//! What Azure says is left of its quotas, in the headers of any answer, good or bad.
//!
//! Cost Management names the query processing units (QPU) of several windows in one header, and
//! the calls of several quotas in one header each; Consumption names calls only.

use http::HeaderMap;
use tokio::time::Instant;

use crate::status::{Quota, QuotaUnit};

/// The header with the query units, such as `QueriesPerHour:577,QueriesPerMin:59`.
const QUERY_UNITS: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining";
/// The window that counts: shorter ones are full again before the next poll.
const HOUR: &str = "QueriesPerHour";
/// The documented query units of an hour.
const UNITS_OF_AN_HOUR: u64 = 600;
/// The start and the end of the headers with calls, such as `DefaultQuota:3`. Those of the Resource
/// Manager itself, with its thousands of calls, begin differently.
const CALLS: (&str, &str) = ("x-ms-ratelimit-remaining-microsoft.", "-requests");

/// Returns what is left: query units where the answer names them, otherwise the fewest calls.
pub(super) fn left(headers: &HeaderMap) -> Option<Quota> {
    let seen = Instant::now();
    if let Some(left) = headers.get(QUERY_UNITS).and_then(|value| of_the_hour(value.to_str().ok()?))
    {
        return Some(Quota { left, whole: UNITS_OF_AN_HOUR, unit: QuotaUnit::QueryUnits, seen });
    }
    let calls = headers.iter().filter(|(name, _)| {
        let (start, end) = CALLS;
        name.as_str().starts_with(start) && name.as_str().ends_with(end)
    });
    let left = calls.filter_map(|(_, value)| fewest(value.to_str().ok()?)).min()?;
    Some(Quota { left, whole: left, unit: QuotaUnit::Calls, seen })
}

/// Returns the number of the hour; a number without a name is taken for it.
fn of_the_hour(value: &str) -> Option<u64> {
    let mut parts = parts(value);
    parts.find_map(|(name, left)| {
        name.is_none_or(|it| it.eq_ignore_ascii_case(HOUR)).then_some(left)
    })
}

fn fewest(value: &str) -> Option<u64> {
    parts(value).map(|(_, left)| left).min()
}

/// Returns the numbers of a header with the names of their quotas. Anything else is ignored.
fn parts(value: &str) -> impl Iterator<Item = (Option<&str>, u64)> {
    value.split([',', ';']).filter_map(|part| match part.split_once(':') {
        Some((name, left)) => Some((Some(name.trim()), left.trim().parse().ok()?)),
        None => Some((None, part.trim().parse().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&'static str, &'static str)]) -> Option<(u64, QuotaUnit)> {
        let header = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        left(&pairs.iter().map(header).collect()).map(|quota| (quota.left, quota.unit))
    }

    #[test]
    fn what_is_left_is_found_among_all_that_azure_says() {
        const ENTITY: &str = "x-ms-ratelimit-remaining-microsoft.costmanagement-entity-requests";
        const TENANT: &str = "x-ms-ratelimit-remaining-microsoft.costmanagement-tenant-requests";
        const LISTS: &str = "x-ms-ratelimit-remaining-microsoft.consumption-tenant-requests";
        let (units, calls) = (QuotaUnit::QueryUnits, QuotaUnit::Calls);
        for (pairs, expected) in [
            (
                &[
                    (ENTITY, "DefaultQuota:3"),
                    (QUERY_UNITS, "QueriesPer10Sec:11,QueriesPerHour:577,QueriesPerMin:59"),
                ][..],
                Some((577, units)),
            ),
            (&[(QUERY_UNITS, " queriesperhour : 5 ; QueriesPerMin:2")], Some((5, units))),
            (&[(QUERY_UNITS, "412")], Some((412, units))),
            (&[(QUERY_UNITS, "QueriesPerMin:59")], None),
            (&[(QUERY_UNITS, "QueriesPerHour:-1"), (LISTS, "9")], Some((9, calls))),
            (&[(ENTITY, "DefaultQuota:3"), (TENANT, "DefaultQuota:19")], Some((3, calls))),
            (&[(TENANT, "DefaultQuota:19;OtherQuota:7")], Some((7, calls))),
            (&[(LISTS, "soon")], None),
            (&[("x-ms-ratelimit-remaining-tenant-reads", "11999")], None),
            (&[("x-ms-ratelimit-microsoft.costmanagement-qpu-consumed", "1")], None),
            (&[], None),
        ] {
            assert_eq!(told(pairs), expected, "{pairs:?}");
        }
    }
}
