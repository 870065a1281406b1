//! `demo`: the exporter with a simulated Azure. It works as `serve` does, except that every label
//! and page says that nothing is real.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use exporter_web::{Timeouts, Web, serve};
use jiff::ToSpan;
use jiff::civil::date;
use tokio::task::JoinSet;
use tracing::{info, warn};
use url::Url;

use super::serve::{HttpOptions, bind, exporter};
use super::signals::{Signals, stopped};
use super::simulate::{enrollment, private_listener, simulator};
use super::wiring;
use crate::billing::amount::Amount;
use crate::billing::budget::{Budget, Grain, Only};
use crate::billing::period::day_of;
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::cli::DemoArgs;
use crate::config::{
    Auth, Azure, Cloud, Config, Control, Metrics, Poll, RequestsPerMinute, Scope, ScopeBudget,
    Secret,
};
use crate::metrics::{BuildFlags, LogLines};
use crate::poller::Clock;
use azure_billing_simulator::{CostAnomaly, Options, SimulatedScope, Simulator};

/// The time between two polls, short enough for a visitor to see some.
const INTERVAL: Duration = Duration::from_secs(60);

pub(super) async fn run(args: &DemoArgs, web: Web, log: &Arc<LogLines>) -> Result<()> {
    let signals = Signals::listen()?;
    let listeners = bind(&args.listen_address)?;
    let azure = private_listener().context("cannot listen on 127.0.0.1 for the simulated Azure")?;
    let endpoint = Url::parse(&format!("http://{}", azure.local_addr()?))?;
    let simulator = simulator(with_an_anomaly(enrollment(&args.enrollment)));
    let config = config(&simulator, endpoint.clone())?;
    let context = wiring::context(&config, BuildFlags { demo: true, process: true }, log)?;
    warn!("DEMO: every cost below is simulated; no Azure account is read");
    info!(%endpoint, "simulating Azure");
    let mut greeting = String::new();
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        info!(%address, "listening");
        let page = format!("{}://{address}{}", web.scheme(), args.web.path.prefix());
        let metrics = &args.web.telemetry_path;
        greeting.push_str(&format!("open {page}/\n     {page}{metrics}\n"));
    }
    greeting.push_str("stop with Ctrl-C\n");
    greet(greeting);
    let mut servers = JoinSet::new();
    let stop = stopped(signals.stop.clone());
    servers.spawn(serve(azure, simulator.router(), Arc::default(), Timeouts::default(), stop));
    let args = &args.web;
    let http = HttpOptions { listeners, args, web, demo: true, source: None, hangups: None };
    exporter(config, context, http, signals).await
}

/// Writes to standard output, on a thread of its own. If nobody reads there, or the pipe is full,
/// the demo goes on: the thread ends with the process.
fn greet(greeting: String) {
    let greet = move || _ = stdout().write_all(greeting.as_bytes());
    if let Err(error) = thread::Builder::new().name("greeting".to_owned()).spawn(greet) {
        warn!("cannot print the addresses, see the log for them: {error}");
    }
}

/// Adds something to find: Log Analytics doubles from the latest complete day on, unless flags say
/// otherwise.
fn with_an_anomaly(mut options: Options) -> Options {
    if options.surges.is_empty() {
        let first = day_of(Clock::system().now()).saturating_sub(4.days());
        options.surges.push(CostAnomaly {
            service: "Log Analytics".to_owned(),
            percent: 200,
            first,
        });
    }
    options
}

/// Returns a configuration for the enrollment and its departments, with a quota that delays
/// nothing.
fn config(simulator: &Simulator, endpoint: Url) -> Result<Config> {
    let azure = Azure {
        cloud: Cloud::Public,
        // Not used: the token is ready.
        authority_host: endpoint.clone(),
        endpoint,
        extra_roots: Vec::new(),
        local_proxy: None,
        api_version: Default::default(),
        requests_per_minute: RequestsPerMinute::everywhere(6000),
        auth: Auth::Token(Secret::Value("demo".into())),
    };
    let scopes = simulator.scopes().into_iter().filter_map(scope).collect();
    let poll = Poll { interval: INTERVAL, ..Poll::default() };
    let tags = ["team", "env"].map(str::to_owned).to_vec();
    let budgets = vec![
        budget("demo-all", "70000", Only::All)?,
        budget("demo-engineering", "35000", Only::Department("Engineering".to_owned()))?,
    ];
    let metrics = Metrics { tags, ..Metrics::default() };
    let (control, state_path, warnings) = (Control::default(), None, Vec::new());
    Ok(Config { azure, scopes, poll, metrics, budgets, control, state_path, warnings })
}

/// Returns a monthly budget in dollars of the enrollment, which is the first scope.
fn budget(name: &str, amount: &str, only: Only) -> Result<ScopeBudget> {
    let budget = Budget {
        name: name.to_owned(),
        amount: Amount::parse(amount)?.amount,
        currency: "USD".to_owned(),
        grain: Grain::Month,
        start: date(2014, 5, 1),
        only,
    };
    Ok(ScopeBudget { scope: 0, budget })
}

fn scope(simulated: SimulatedScope) -> Option<Scope> {
    let kinds = [ScopeType::BillingAccount, ScopeType::Department];
    let scope_type = kinds.into_iter().find(|kind| kind.as_str() == simulated.kind)?;
    let name = simulated.name.split(',').next().unwrap_or_default().to_lowercase();
    let id = ScopeId { scope_type, id: simulated.id, cost: CostType::Actual };
    Some(Scope { label: format!("demo-{name}"), ..Scope::new(id) })
}
