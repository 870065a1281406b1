//! What a call for a total needs, and how it is sent.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use url::Url;

use super::BUCKET;
use crate::azure::{Call, Client, Content, Error, RetryBudget, in_words};
use crate::billing::scope::{ScopeId, ScopeType};

/// What a call for a total needs.
#[derive(Clone, Copy)]
pub struct ControlAccess<'a> {
    /// The client for Azure.
    pub client: &'a Client,
    /// The scope.
    pub scope: &'a ScopeId,
    /// The billing account of a department or an enrollment account, through which their paths
    /// lead; `None` if it is unknown.
    pub account: Option<&'a str>,
    /// The longest time that a total may take, with all pages, tries and waits: a poll must not
    /// wait long for it. A longer wait that Azure asks for is reported at once.
    pub longest: Duration,
}

impl ControlAccess<'_> {
    /// Returns the segments of the scope's path; `None` if its billing account is unknown.
    pub(super) fn path(&self) -> Option<Vec<&str>> {
        let id = self.scope.id.as_str();
        let account = self.account.filter(|account| !account.is_empty());
        let billing = |account| vec!["providers", "Microsoft.Billing", "billingAccounts", account];
        Some(match self.scope.scope_type {
            ScopeType::BillingAccount => billing(id),
            ScopeType::Department => [billing(account?), vec!["departments", id]].concat(),
            ScopeType::EnrollmentAccount => {
                [billing(account?), vec!["enrollmentAccounts", id]].concat()
            }
            ScopeType::Subscription => vec!["subscriptions", id],
        })
    }

    /// Returns an address of the endpoint. Each segment is encoded: the account may be taken from
    /// rows.
    pub(super) fn url(&self, path: &[&str], api_version: &str) -> Result<Url, Error> {
        let mut url = self.client.endpoint.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => _ = segments.clear().extend(path),
            Err(()) => {
                return Err(Error::BadAnswer("cannot make a URL from the scope".to_owned()));
            }
        }
        url.query_pairs_mut().append_pair("api-version", api_version);
        Ok(url)
    }

    /// Sends a request and returns its body; `None` if there is no data.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Option<Bytes>, Error> {
        let mut retry_budget = RetryBudget::of_probe(self.longest);
        match self.client.get(BUCKET, call, &mut retry_budget).await? {
            Content::Body(body) => Ok(Some(body)),
            Content::Nothing => Ok(None),
            Content::Later { .. } => {
                Err(Error::BadAnswer("HTTP 202 to a request for a total".to_owned()))
            }
        }
    }

    /// Waits for a total as long as it may take.
    pub(super) async fn in_time<T>(
        &self,
        total: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = |_| Error::Timeout(format!("no total within {}", in_words(self.longest)));
        timeout(self.longest, total).await.map_err(late)?
    }
}

/// Returns the path of a total of one period, or of the current one, which has no name there.
pub(super) fn of_period<'a>(
    scope: &[&'a str],
    between: &[&'a str],
    period: Option<&'a str>,
    last: [&'a str; 2],
) -> Vec<&'a str> {
    let mut path = scope.to_vec();
    if let Some(period) = period {
        path.extend(between);
        path.extend(["billingPeriods", period]);
    }
    path.extend(["providers", last[0], last[1]]);
    path
}
