//! The address of the list of a scope in some days.

use url::Url;

use crate::azure::{Client, Error};
use crate::billing::period::DayRange;
use crate::billing::scope::{CostType, ScopeId};
use crate::billing::span::Span;
use crate::source::scope_path::scope_path;

/// The largest page that Azure sends.
const ROWS_PER_PAGE: u32 = 1000;

/// Returns the address of the first page.
pub(super) fn usage_url(client: &Client, scope: &ScopeId, span: Span) -> Result<Url, Error> {
    let version = client.api_version.as_str();
    let mut path = scope_path(scope);
    let mut query =
        format!("api-version={version}&$expand=properties/meterDetails&$top={ROWS_PER_PAGE}");
    if client.api_version.knows_amortized() {
        query.push_str(match scope.cost {
            CostType::Actual => "&metric=actualcost",
            CostType::Amortized => "&metric=amortizedcost",
        });
    }
    if let Span::Period(period) | Span::Late(period) = span {
        let name = period.name();
        path.push_str(&format!("/providers/Microsoft.Billing/billingPeriods/{name}"));
    }
    match span {
        Span::Period(_) => {}
        Span::Days(DayRange { first, last }) => query.push_str(&format!(
            "&$filter=properties/usageStart ge '{first}' and properties/usageEnd le '{last}'"
        )),
        Span::Late(period) => {
            let first = period.days().first;
            query.push_str(&format!("&$filter=properties/usageStart lt '{first}'"));
        }
    }
    path.push_str("/providers/Microsoft.Consumption/usageDetails");
    let mut url = client
        .endpoint
        .join(&path)
        .map_err(|error| Error::BadAnswer(format!("cannot make a URL from the scope: {error}")))?;
    url.set_query(Some(&query));
    Ok(url)
}
