//! The requests that the simulator received, which tests can read.

use std::collections::{BTreeMap, VecDeque};

use super::target::Step;

/// The number of requests kept; older ones are only counted.
const KEPT: usize = 10_000;

/// A request for usage as the simulator received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number, from 1 on, in the order of arrival.
    pub number: u64,
    /// `billing_account`, `department`, `enrollment_account`, `subscription`, or empty.
    pub kind: &'static str,
    /// The step it was for. `None`: no path of the source's, or a scope that does not exist.
    pub step: Option<Step>,
    /// The method as sent.
    pub method: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The body as sent: the request for a report, or for daily totals.
    pub body: String,
    /// The `ClientType` header, by which Azure keeps quotas apart; empty if there is none.
    pub client_type: String,
    /// The status of the answer. `None`: no answer yet, or never one.
    pub status: Option<u16>,
}

/// The newest requests, and counts of all.
#[derive(Debug, Default)]
pub(super) struct Record {
    requests: VecDeque<Request>,
    seen: u64,
    counts: BTreeMap<(&'static str, u16), u64>,
}

impl Record {
    /// Records a request, and returns its number.
    pub(super) fn arrived(&mut self, request: Request) -> u64 {
        self.seen += 1;
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(Request { number: self.seen, ..request });
        self.seen
    }

    pub(super) fn answered(&mut self, number: u64, status: u16) {
        let newest_first = self.requests.iter_mut().rev();
        if let Some(request) = newest_first.take_while(|kept| kept.number >= number).last() {
            request.status = Some(status);
            let counted_as = match request.step {
                None | Some(Step::List) => request.kind,
                Some(step) => step.as_str(),
            };
            *self.counts.entry((counted_as, status)).or_default() += 1;
        }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns answers by status and, for the list, by kind of scope; for the report, by step.
    pub(super) fn counts(&self) -> &BTreeMap<(&'static str, u16), u64> {
        &self.counts
    }
}
