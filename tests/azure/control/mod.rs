//! Azure's own totals over sockets: what is asked, what is made of each answer, and what each fault
//! ends in. The server counts the calls.

mod faults;
mod months;
mod query;

use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::azure::{Client, Error};
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::config::Control;
use azure_billing_exporter::control::{
    Answer as Told, Balances, Charges, ControlAccess, DailyTotals, Gap, balances, charges, limit,
    query,
};
use azure_billing_exporter::status::ApiCalls;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::exporter::{PATIENCE, client, config};
use crate::server::{Answer, Server};

const NOVEMBER: DayRange = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 30) };
const LONGEST: Duration = Duration::from_secs(30);

/// A server, and the way to its totals.
struct World {
    server: Server,
    client: Client,
    calls: Arc<ApiCalls>,
}

impl World {
    async fn of(script: Vec<Answer>) -> Self {
        let server = Server::start(script).await;
        let config = config(&server.endpoint, "department: \"1234\"");
        let calls = Arc::<ApiCalls>::default();
        let client = client(&config, PATIENCE, calls.clone());
        limit(&client, Control { requests_per_minute: 1000, ..config.control });
        Self { server, client, calls }
    }

    fn access<'a>(&'a self, scope: &'a ScopeId, account: Option<&'a str>) -> ControlAccess<'a> {
        ControlAccess { client: &self.client, scope, account, longest: LONGEST }
    }

    async fn query(&self) -> Result<Told<DailyTotals>, Error> {
        query(&self.access(&account(), None), NOVEMBER).await
    }

    async fn balances(&self) -> Result<Told<Balances>, Error> {
        balances(&self.access(&account(), None), Some(Period::of(NOVEMBER.first))).await
    }

    async fn charges(&self) -> Result<Told<Vec<Charges>>, Error> {
        let department = scope(ScopeType::Department, "1234");
        let period = Some(Period::of(NOVEMBER.first));
        charges(&self.access(&department, Some("1000000")), period).await
    }

    /// Returns the line of each request so far: its method and target.
    fn lines(&self) -> Vec<String> {
        let line = |request: &String| {
            let line = request.lines().next().unwrap_or_default();
            line.trim_end_matches(" HTTP/1.1").to_owned()
        };
        self.server.requests().iter().map(line).collect()
    }
}

fn scope(scope_type: ScopeType, id: &str) -> ScopeId {
    ScopeId { scope_type, id: id.to_owned(), cost: CostType::Actual }
}

fn account() -> ScopeId {
    scope(ScopeType::BillingAccount, "1000000")
}

fn known<T: std::fmt::Debug>(told: Result<Told<T>, Error>) -> T {
    match told {
        Ok(Told::Known(total)) => total,
        other => panic!("{other:?}"),
    }
}

fn page(link: Option<&str>, rows: &Value) -> Answer {
    let columns = ["Cost", "UsageDate", "Currency"].map(|name| json!({ "name": name }));
    let properties = json!({ "nextLink": link, "columns": columns, "rows": rows });
    Answer::page(json!({ "id": "x", "properties": properties }).to_string())
}

fn no_cost() -> Answer {
    page(None, &json!([]))
}

/// Returns costs as lines, `2026-11-01 EUR 1.5`.
fn lines(totals: &DailyTotals) -> Vec<String> {
    let costs = totals.costs.iter();
    costs.map(|((date, currency), cost)| format!("{date} {currency} {cost}")).collect()
}

/// Returns Azure's error.
fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::status(status, &json!({ "error": { "code": code, "message": message } }).to_string())
}

#[tokio::test]
async fn a_total_can_be_asked_for_by_any_task() {
    fn is_send<T: Send>(of: T) -> T {
        of
    }
    let world = World::of(vec![no_cost()]).await;
    let account = account();
    let access = world.access(&account, None);
    known(is_send(query(&access, NOVEMBER)).await);
    drop(is_send((balances(&access, None), charges(&access, None))));
}
