//! An exporter and an Azure whose every answer is written by the test, in process. The clock is
//! paused and moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_billing_exporter::azure::transport::{Transport, TransportError};
use azure_billing_exporter::azure::{Client, Timeouts};
use azure_billing_exporter::billing::budget::Budget;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::config::{Config, Control, Environment};
use azure_billing_exporter::metrics::{BuildFlags, Exposition, Format};
use azure_billing_exporter::poller::{Clock, PollContext, Poller, ScopeSpec, scope_info};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_exporter::status::{ScopeStatus, Status};
use azure_billing_exporter::store::Store;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;

use crate::simulation::bill;

pub(crate) type Request = http::Request<Bytes>;
/// An answer of Azure; `None` cuts the connection.
pub(crate) type Answer = Option<http::Response<Bytes>>;
type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

/// An Azure that follows a script, and its record of requests.
#[derive(Clone)]
pub(crate) struct Azure(Arc<Mutex<Inner>>);

struct Inner {
    script: Script,
    calls: Vec<(Instant, String)>,
}

impl Azure {
    pub(crate) fn new(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Inner { script: Box::new(script), calls: Vec::new() })))
    }

    /// Replaces the script from now on.
    pub(crate) fn answer(&self, script: impl FnMut(&Request) -> Answer + Send + 'static) {
        self.0.lock().expect("no panic").script = Box::new(script);
    }

    /// Returns the time of each request, and its method, path and query.
    pub(crate) fn calls(&self) -> Vec<(Instant, String)> {
        self.0.lock().expect("no panic").calls.clone()
    }

    /// Returns a client without an exporter.
    pub(crate) fn client(&self) -> Client {
        let config = configuration("scopes: [{department: \"1\"}]\n");
        Client::new(&config.azure, self.transport(), Timeouts::default(), Arc::default())
    }

    fn transport(&self) -> Transport {
        let azure = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request| {
            let answer = {
                let mut inner = azure.0.lock().expect("no panic");
                let call = format!("{} {}", request.method(), request.uri());
                inner.calls.push((Instant::now(), call));
                (inner.script)(&request)
            };
            async move {
                let answer = answer.ok_or_else(|| TransportError::from("connection reset"))?;
                Ok(answer.map(|body| {
                    UnsyncBoxBody::new(Full::new(body).map_err(|never| match never {}))
                }))
            }
        }))
    }
}

fn configuration(yaml: &str) -> Config {
    let yaml = format!(
        "azure: {{endpoint: \"http://127.0.0.1:1\", auth: {{method: token, token: x}}}}\n{yaml}"
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), yaml).expect("the file can be written");
    Config::from_file(file.path(), &Environment::default()).expect("a configuration")
}

/// An exporter of some scopes.
pub(crate) struct Exporter {
    pub(crate) azure: Azure,
    pub(crate) clock: Clock,
    pub(crate) pollers: Vec<Poller>,
    pub(crate) exposition: Arc<Exposition>,
    pub(crate) status: Arc<Status>,
    config: Config,
    budgets: Vec<Budget>,
    store: Option<std::path::PathBuf>,
}

impl Exporter {
    /// Starts with scopes, and other configuration, in YAML.
    pub(crate) fn start(start: &str, yaml: &str, azure: &Azure) -> Self {
        let clock = Clock::starting_at(start.parse().expect("a time"));
        Self::with(clock, yaml, azure, Vec::new(), None)
    }

    /// Starts with budgets of all scopes, and a file that days are kept in.
    pub(crate) fn with(
        clock: Clock,
        yaml: &str,
        azure: &Azure,
        budgets: Vec<Budget>,
        store: Option<std::path::PathBuf>,
    ) -> Self {
        Self::of(clock, configuration(yaml), azure, budgets, store)
    }

    fn of(
        clock: Clock,
        config: Config,
        azure: &Azure,
        budgets: Vec<Budget>,
        path: Option<std::path::PathBuf>,
    ) -> Self {
        let status =
            Arc::new(Status::new(config.scopes.iter().map(scope_info), config.poll.interval));
        let calls = Arc::<ApiCalls>::default();
        let about = BuildFlags { demo: false, process: false };
        let exposition =
            Arc::new(Exposition::new(status.clone(), calls.clone(), about).expect("an exposition"));
        let client =
            Client::new(&config.azure, azure.transport(), Timeouts::default(), calls.clone());
        let now = clock.clone();
        let store = path.as_ref().map(|path| {
            Arc::new(Store::open(path, Box::new(move || now.now())).expect("nobody uses it"))
        });
        let context = PollContext {
            client: Arc::new(client),
            poll: config.poll,
            control: Control::off(),
            clock: clock.clone(),
            status: status.clone(),
            exposition: exposition.clone(),
            store,
        };
        let poller = |scope: &azure_billing_exporter::config::Scope| {
            let rules = Rules {
                budgets: budgets.clone(),
                charges_are_free: scope.charges_are_free,
                ..Rules::default()
            };
            let tag_keys = config.metrics.tags.iter().cloned().collect();
            Poller::new(context.clone(), ScopeSpec { scope: scope.clone(), rules, tag_keys })
        };
        let pollers = config.scopes.iter().map(poller).collect();
        let azure = azure.clone();
        Self { azure, clock, pollers, exposition, status, config, budgets, store: path }
    }

    /// Returns the same exporter after its process ended.
    pub(crate) fn restart(self) -> Self {
        let Self { azure, clock, config, budgets, store, pollers, .. } = self;
        drop(pollers);
        Self::of(clock, config, &azure, budgets, store)
    }

    /// Polls the first scope once.
    pub(crate) async fn poll(&mut self) -> bool {
        self.pollers[0].poll().await
    }

    /// Polls each scope, all of which must succeed.
    pub(crate) async fn poll_all(&mut self) {
        for poller in &mut self.pollers {
            assert!(poller.poll().await);
        }
    }

    pub(crate) fn first(&self) -> ScopeStatus {
        self.status.scopes()[0].clone()
    }

    /// Returns why the last poll of the first scope failed: reason and text.
    pub(crate) fn failure(&self) -> (&'static str, String) {
        let failure = self.first().last_poll.and_then(|poll| poll.failure);
        let (reason, what) = failure.expect("a failure");
        (reason.as_str(), what)
    }

    pub(crate) fn text(&self) -> String {
        self.exposition.scrape(Format::Text).expect("an exposition")
    }

    /// Returns the samples that depend on the bill.
    pub(crate) fn bill(&self) -> String {
        bill(&self.exposition)
    }

    /// Returns the samples whose line begins with a text, with their values.
    pub(crate) fn samples(&self, start: &str) -> Vec<(String, f64)> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.starts_with(start));
        lines
            .map(|line| {
                let (series, value) = line.rsplit_once(' ').expect("a value");
                (series.to_owned(), value.parse().expect("a number"))
            })
            .collect()
    }

    /// Returns the sum of all samples whose line begins with a text and that contain another one.
    pub(crate) fn sum(&self, family: &str, label: &str) -> f64 {
        let samples = self.samples(&format!("{family}{{")).into_iter();
        samples.filter(|(series, _)| series.contains(label)).map(|(_, value)| value).sum()
    }

    /// Returns the cost of the open period.
    pub(crate) fn cost(&self) -> f64 {
        self.sum("azure_billing_scope_pretax_cost", "")
    }
}

/// Returns an answer with a JSON body.
pub(crate) fn ok(body: &Value) -> Answer {
    answer(200, &[("content-type", "application/json")], body.to_string())
}

/// Returns any answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Some(answer.body(body.into()).expect("an answer"))
}

/// Returns a page of the list.
pub(crate) fn page(rows: &[Value]) -> Answer {
    ok(&json!({ "value": rows }))
}

/// Returns a page of the list that another one follows.
pub(crate) fn page_before(rows: &[Value], link: &str) -> Answer {
    ok(&json!({ "nextLink": format!("http://127.0.0.1:1{link}"), "value": rows }))
}

/// Returns Azure's error.
pub(crate) fn error(status: u16, code: &str) -> Answer {
    ok(&json!({"error": {"code": code, "message": "made for this test"}})).map(|mut answer| {
        *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        answer
    })
}

/// Returns a row of usage that costs a euro.
pub(crate) fn usage(date: &str) -> Value {
    json!({
        "kind": "legacy",
        "id": "/x",
        "tags": null,
        "properties": {
            "date": format!("{date}T00:00:00Z"),
            "billingPeriodStartDate": format!("{}-01T00:00:00Z", &date[..7]),
            "cost": 1,
            "quantity": 1,
            "effectivePrice": 1,
            "unitPrice": 1,
            "billingCurrency": "EUR",
            "resourceId": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1",
            "resourceName": "vm1",
            "resourceLocation": "EU West",
            "consumedService": "Microsoft.Compute",
            "chargeType": "Usage",
            "pricingModel": "OnDemand",
        }
    })
}

/// Returns a row with other properties; null replaces what was there.
pub(crate) fn with(mut row: Value, properties: Value) -> Value {
    for (name, value) in properties.as_object().expect("properties") {
        row["properties"][name] = value.clone();
    }
    row
}

/// Returns the month of a request for usage as `YYYY-MM`, by the period in its path or the days it
/// filters by; none for late rows.
pub(crate) fn month(request: &Request) -> Option<String> {
    let uri = request.uri().to_string();
    if uri.contains("%20lt%20") {
        return None;
    }
    if let Some((_, rest)) = uri.split_once("billingPeriods/") {
        return Some(format!("{}-{}", &rest[..4], &rest[4..6]));
    }
    let (_, rest) = uri.split_once("usageStart%20ge%20%27")?;
    Some(rest[..7].to_owned())
}

/// Returns the days that a request for usage filters by.
pub(crate) fn days(request: &Request) -> Option<(String, String)> {
    let uri = request.uri().to_string();
    let (_, first) = uri.split_once("usageStart%20ge%20%27")?;
    let (_, last) = uri.split_once("usageEnd%20le%20%27")?;
    Some((first[..10].to_owned(), last[..10].to_owned()))
}

/// Answers the list as Azure would with these rows: by period or by day, in one page.
pub(crate) fn listed(request: &Request, rows: &[Value]) -> Answer {
    let start =
        |row: &Value| row["properties"]["billingPeriodStartDate"].as_str().map(str::to_owned);
    let date = |row: &Value| -> Option<String> {
        row["properties"]["date"].as_str()?.get(..10).map(str::to_owned)
    };
    let Some(month) = month(request) else { return page(&[]) };
    let shown = |row: &&Value| match days(request) {
        // Azure does not filter rows without a date.
        Some((first, last)) => {
            date(row).is_none_or(|date| *first <= *date && *date <= *last)
                && start(row)
                    .is_none_or(|start| start[..7] >= first[..7] && start[..7] <= last[..7])
        }
        None => start(row).or(date(row)).is_some_and(|day| day.starts_with(&month)),
    };
    page(&rows.iter().filter(shown).cloned().collect::<Vec<_>>())
}

pub(crate) const HOURS: fn(u64) -> Duration = |hours| Duration::from_secs(hours * 3600);
