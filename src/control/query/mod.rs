//! The cost of each day, as Cost Management adds it up from the same rating as the rows.
//!
//! Facts: `query` of `Microsoft.CostManagement`, version 2025-03-01. A month takes one of the 600
//! query processing units (QPU) that the whole tenant has in an hour. Amounts are not rounded.

mod table;

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::value::bad;
use super::{Answer, ControlAccess, Gap};
use crate::azure::{Call, Client, Error, resolve_link};
use crate::billing::amount::Amount;
use crate::billing::control::{self, ByCurrency};
use crate::billing::period::DayRange;
use crate::billing::scope::CostType;
use crate::status::Api;

pub(crate) use table::read_page;

/// The query, as calls to it are counted.
const API: Api = Api::new(3, "query");
/// The service whose quota Azure throttles.
const SERVICE: &str = "Microsoft.CostManagement";
const API_VERSION: &str = "2025-03-01";
/// The most pages. A page has at least 1,000 rows, and a row is a day in a currency.
const MOST_PAGES: u32 = 100;

/// The cost of some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyTotals {
    /// The days that were asked for. A day of them without a cost has none.
    pub asked: DayRange,
    /// The costs by day and currency, exact.
    pub costs: BTreeMap<(Date, String), Amount>,
    /// The number of pages, each of which is a call.
    pub calls: u32,
}

impl DailyTotals {
    /// Returns the totals of each day, as they are held against the rows.
    pub fn by_day(self, asked_at: Timestamp) -> control::DailyTotals {
        let mut days = BTreeMap::<Date, ByCurrency>::new();
        for ((day, currency), cost) in self.costs {
            days.entry(day).or_default().insert(currency, cost);
        }
        control::DailyTotals { range: self.asked, asked_at, days }
    }
}

/// Returns whether so little is left of the tenant's query units that none should be taken for a
/// query: others use them as well, and their users wait for the answer.
pub fn is_query_quota_scarce(client: &Client) -> bool {
    client.quota(API).is_some_and(|quota| quota.is_scarce())
}

/// Asks for the cost of each day in the scope's view of reservations. Ask for a month at most: it
/// is said that a longer range of days is cut to its last 31 without a word, and days that were cut
/// would look as if they had cost nothing. Two months in one query take no fewer query units.
///
/// # Errors
/// Every [`Error`] of a request. [`Error::BadAnswer`] if there is a day that was not asked for, or
/// the pages do not end.
pub async fn query(
    access: &ControlAccess<'_>,
    asked: DayRange,
) -> Result<Answer<DailyTotals>, Error> {
    let Some(mut path) = access.path() else {
        return Ok(Answer::NotAvailable(Gap::AccountUnknown));
    };
    path.extend(["providers", SERVICE, "query"]);
    let first = access.url(&path, API_VERSION)?;
    let body = Bytes::from(question(access.scope.cost, asked).to_string());
    let pages = async {
        let mut totals = DailyTotals { asked, costs: BTreeMap::new(), calls: 0 };
        let (mut seen, mut url) = (HashSet::new(), first);
        loop {
            totals.calls += 1;
            let number = totals.calls;
            let of_page = |why: String| bad(&format!("page {number} of the query"), &why);
            // A link is POSTed with the same body; it names the page and not the question.
            let call = Call::post(API, SERVICE, &url, body.clone());
            let Some(page) = access.ask(&call).await? else {
                return match number {
                    1 => Ok(Answer::NoData),
                    _ => Err(of_page("it is missing (HTTP 204)".to_owned())),
                };
            };
            let link = read_page(&page, asked, &mut totals.costs).map_err(of_page)?;
            let Some(link) = link else { return Ok(Answer::Known(totals)) };
            if number >= MOST_PAGES {
                return Err(of_page(format!("more than {MOST_PAGES} pages")));
            }
            seen.insert(url);
            url = resolve_link(&link, &access.client.endpoint)
                .map_err(|why| of_page(why.to_string()))?;
            if seen.contains(&url) {
                return Err(of_page("it links to an earlier page".to_owned()));
            }
        }
    };
    access.in_time(pages).await
}

/// Returns the body of the request: the sum of costs for each day, without groups.
fn question(cost: CostType, asked: DayRange) -> serde_json::Value {
    let kind = match cost {
        CostType::Actual => "ActualCost",
        CostType::Amortized => "AmortizedCost",
    };
    let DayRange { first, last } = asked;
    json!({
        "type": kind,
        "timeframe": "Custom",
        "timePeriod": {
            "from": format!("{first}T00:00:00+00:00"),
            "to": format!("{last}T23:59:59+00:00"),
        },
        "dataset": {
            "granularity": "Daily",
            "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_question_is_of_whole_days_in_the_view_of_the_scope() {
        let asked = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 30) };
        let expected = json!({
            "type": "ActualCost",
            "timeframe": "Custom",
            "timePeriod": {
                "from": "2026-11-01T00:00:00+00:00",
                "to": "2026-11-30T23:59:59+00:00",
            },
            "dataset": {
                "granularity": "Daily",
                "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
            },
        });
        assert_eq!(question(CostType::Actual, asked), expected);
        assert_eq!(question(CostType::Amortized, asked)["type"], "AmortizedCost");
    }
}
