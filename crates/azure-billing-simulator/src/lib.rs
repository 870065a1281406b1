//! A simulated enrollment that answers the `usageDetails` list and the asynchronous cost details
//! report as Azure does: for `demo` and `simulate`, and for tests, over a socket or in process.
//!
//! Every row is a pure function of the seed, its day and its place in the day, so equal options
//! give equal data, and a million rows take no memory. Days appear as they do at the source: bit
//! by bit, with late rows and restated ones, changing at every fourth UTC hour and at no other time.
//!
//! It adds money up with its own code and uses nothing of the exporter, so that no bug of the
//! exporter can cancel itself out. It reads no clock: the caller passes the time in, and waits use
//! `tokio::time`. Not here: the token endpoints, and Microsoft Customer Agreements.
//!
//! No file imports one that imports it. From what is common up to what serves:
//!
//! 1. `ledger` has the facts, `appearance` says which row is where and since when, `row` makes one;
//! 2. `cells` adds rows up and `rounding` trims the sums, with which `rows` makes all rows;
//! 3. `wire`, `page` and `report` write them as text;
//! 4. `simulator` is what clones share, `serving` what answers need of it;
//! 5. `control` and `report_steps` answer what they are about, and `answer` everything else.

mod allocation;
mod amendment;
mod anomaly;
mod answer;
mod appearance;
mod body;
mod calendar;
mod catalog;
mod cell;
mod cells;
mod chance;
mod charges;
mod control;
mod currency;
mod enrollment;
mod fault;
mod faults;
mod json;
mod ledger;
mod money;
mod options;
mod page;
mod paging;
mod query;
mod quota;
mod record;
mod refusal;
mod report;
mod report_steps;
mod response;
mod rounding;
mod row;
mod rows;
mod selection;
mod serving;
mod simulator;
mod target;
#[cfg(test)]
mod tests;
mod throttle;
mod wire;

pub use self::{
    anomaly::CostAnomaly,
    currency::Currency,
    fault::{CostQuota, ErrorBody, Fault, RetryAfter, Stall, Unauthorized},
    money::Money,
    options::{
        ColumnNames, ControlOptions, EmptyReport, HeaderCase, Options, QueryColumns, QueryQuota,
        ReportFormat, ReportOptions,
    },
    record::Request,
    simulator::{Now, SimulatedScope, Simulator},
    target::Step,
};
