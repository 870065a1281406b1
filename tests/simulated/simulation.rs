//! An exporter and a simulated Azure, in process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::azure::transport::{Transport, TransportError};
use azure_billing_exporter::azure::{Client, Timeouts};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::ScopeId;
use azure_billing_exporter::config::{Config, Control, Environment};
use azure_billing_exporter::metrics::{BuildFlags, Exposition, Format};
use azure_billing_exporter::poller::{Clock, Handle, PollContext, Poller, ScopeSpec, reload};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_exporter::status::{ScopeInfo, Status};
use azure_billing_exporter::store::Store;
use azure_billing_simulator::{Options, Simulator};
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// The options of a simulation.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) start: String,
    /// Kinds and ids; `name` is the scope's label.
    pub(crate) scopes: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) options: Options,
    pub(crate) rules: Rules,
    pub(crate) state: Option<PathBuf>,
    /// True if the quotas are so high that nothing waits for them.
    pub(crate) unlimited: bool,
    /// True if Azure is asked for its own totals.
    pub(crate) controlled: bool,
    pub(crate) interval: &'static str,
    /// The version of the list, whose older ones have other rows.
    pub(crate) version: &'static str,
    /// The API to read by, and other configuration of the scope.
    pub(crate) read: &'static str,
    pub(crate) tags: &'static [&'static str],
}

impl Setup {
    pub(crate) fn new(start: &str, kind: &'static str, id: &'static str, options: Options) -> Self {
        Self {
            start: start.to_owned(),
            scopes: vec![(kind, id, "shop")],
            options,
            rules: Rules::default(),
            state: None,
            unlimited: false,
            controlled: false,
            interval: "4h",
            version: "2021-10-01",
            read: "usage_details",
            tags: &[],
        }
    }

    pub(crate) fn stored_in(self, path: &Path) -> Self {
        Self { state: Some(path.to_owned()), ..self }
    }

    pub(crate) fn unlimited(self) -> Self {
        Self { unlimited: true, ..self }
    }

    pub(crate) fn controlled(self) -> Self {
        Self { controlled: true, ..self }
    }

    pub(crate) fn start(self) -> Simulation {
        let clock = Clock::starting_at(self.start.parse().expect("a time"));
        let now = clock.clone();
        let simulator = Simulator::new(self.options.clone(), Arc::new(move || now.now()));
        Simulation::new(self, simulator, clock, |_| {})
    }

    pub(crate) fn wanted(&self) -> Vec<ScopeSpec> {
        let wanted = |scope| ScopeSpec {
            scope,
            rules: self.rules.clone(),
            tag_keys: self.tags.iter().map(|&key| key.to_owned()).collect(),
        };
        self.config().scopes.into_iter().map(wanted).collect()
    }

    pub(crate) fn config(&self) -> Config {
        let scopes: Vec<String> = self
            .scopes
            .iter()
            .map(|(kind, id, name)| {
                let read = self.read;
                format!("{{{kind}: \"{id}\", name: \"{name}\", read: {read}}}")
            })
            .collect();
        let quotas = if self.unlimited {
            ", requests_per_minute: {billing_account: 100000, department: 100000, enrollment_account: 100000}"
        } else {
            ""
        };
        // Days settle after 120 hours, so that six days of overlap see every change.
        let text = format!(
            "azure: {{endpoint: \"http://127.0.0.1:1\", usage_details_api_version: \"{}\", auth: {{method: token, token: x}}{quotas}}}\nscopes: [{}]\npoll: {{overlap: 6d, interval: {}}}\n",
            self.version,
            scopes.join(", "),
            self.interval
        );
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("the file can be written");
        Config::from_file(file.path(), &Environment::default()).expect("a configuration")
    }
}

pub(crate) struct Simulation {
    pub(crate) setup: Setup,
    pub(crate) context: PollContext,
    pub(crate) handles: Vec<Handle>,
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) pollers: Vec<Poller>,
    pub(crate) exposition: Arc<Exposition>,
    pub(crate) status: Arc<Status>,
}

pub(crate) fn simulation(
    start: &str,
    kind: &'static str,
    id: &'static str,
    options: Options,
) -> Simulation {
    Setup::new(start, kind, id, options).start()
}

pub(crate) fn with_rules(
    start: &str,
    kind: &'static str,
    id: &'static str,
    options: Options,
    rules: Rules,
) -> Simulation {
    Setup { rules, ..Setup::new(start, kind, id, options) }.start()
}

/// Returns a transport that is the simulator itself, and calls `asked` before each answer.
fn in_process(
    simulator: &Simulator,
    asked: impl Fn() + Clone + Send + Sync + 'static,
) -> Transport {
    let router = simulator.router();
    BoxCloneSyncService::new(tower::service_fn(move |request: http::Request<Bytes>| {
        let router = router.clone();
        asked();
        async move {
            let answer = router.oneshot(request.map(axum::body::Body::from)).await?;
            Ok(answer.map(|body| UnsyncBoxBody::new(body.map_err(TransportError::from))))
        }
    }))
}

impl Simulation {
    /// Starts an exporter now. `asked` receives the exposition at each request.
    pub(crate) fn new(
        setup: Setup,
        simulator: Simulator,
        clock: Clock,
        asked: impl Fn(&Exposition) + Clone + Send + Sync + 'static,
    ) -> Self {
        let config = setup.config();
        let info = |scope: &azure_billing_exporter::config::Scope| ScopeInfo {
            label: scope.label.clone(),
            id: scope.id.clone(),
            enrollment: None,
        };
        let status = Arc::new(Status::new(config.scopes.iter().map(info), config.poll.interval));
        let calls = Arc::<ApiCalls>::default();
        let about = BuildFlags { demo: false, process: false };
        let exposition =
            Arc::new(Exposition::new(status.clone(), calls.clone(), about).expect("an exposition"));
        let seen = exposition.clone();
        let transport = in_process(&simulator, move || asked(&seen));
        let client = Client::new(&config.azure, transport, Timeouts::default(), calls);
        if setup.controlled {
            azure_billing_exporter::control::limit(&client, Control::default());
        }
        let now = clock.clone();
        let store = setup.state.as_ref().map(|path| {
            let store = Store::open(path, Box::new(move || now.now())).expect("nobody uses it");
            let ids: Vec<ScopeId> = config.scopes.iter().map(|scope| scope.id.clone()).collect();
            store.keep_only(&ids);
            Arc::new(store)
        });
        let context = PollContext {
            client: Arc::new(client),
            poll: config.poll,
            control: if setup.controlled { Control::default() } else { Control::off() },
            clock: clock.clone(),
            status: status.clone(),
            exposition: exposition.clone(),
            store,
        };
        let pollers = setup.wanted().into_iter().map(|wanted| Poller::new(context.clone(), wanted));
        let pollers: Vec<Poller> = pollers.collect();
        let handles = pollers.iter().map(Poller::handle).collect();
        Self { setup, context, handles, simulator, clock, pollers, exposition, status }
    }

    /// Applies another configuration while pollers may be at work. Adds those of new scopes.
    pub(crate) fn reload(&mut self, change: impl FnOnce(&mut Setup)) {
        change(&mut self.setup);
        let context = PollContext { poll: self.setup.config().poll, ..self.context.clone() };
        let added = reload(&context, &self.handles, self.setup.wanted()).expect("no bug");
        let wanted = self.setup.config().scopes;
        self.handles.retain(|handle| wanted.iter().any(|scope| scope.id == *handle.id()));
        self.handles.extend(added.iter().map(Poller::handle));
        self.pollers.extend(added);
    }

    /// Applies another configuration of the way to Azure, with a new client in place of the old.
    pub(crate) fn reload_client(&mut self) {
        let azure = self.setup.config().azure;
        let client = self.context.client.successor(&azure, in_process(&self.simulator, || {}));
        self.context.client = Arc::new(client);
        self.reload(|_| {});
        self.context.client.take_over(&azure);
    }

    /// Returns the same exporter after its process ended, with the same Azure.
    pub(crate) fn restart(self) -> Self {
        self.restart_as(|setup| setup)
    }

    /// Restarts with another configuration.
    pub(crate) fn restart_as(self, change: impl FnOnce(Setup) -> Setup) -> Self {
        let (setup, simulator, clock) = self.end();
        Self::new(change(setup), simulator, clock, |_| {})
    }

    /// Ends the exporter, which releases its store, and returns Azure.
    pub(crate) fn end(self) -> (Setup, Simulator, Clock) {
        (self.setup, self.simulator, self.clock)
    }

    /// Polls the first scope once. Returns whether it succeeded.
    pub(crate) async fn poll(&mut self) -> bool {
        self.pollers[0].poll().await
    }

    /// Returns the requests after a number.
    pub(crate) fn requests_since(&self, before: u64) -> Vec<String> {
        let requests = self.simulator.requests();
        let new = requests.into_iter().filter(|request| request.number > before);
        new.map(|request| format!("{}?{}", request.path, request.query)).collect()
    }

    /// Returns what is published of a family, by currency.
    pub(crate) fn published(&self, family: &str, label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::<String, f64>::new();
        for line in self
            .text()
            .lines()
            .filter(|line| line.starts_with(&format!("{family}{{")) && line.contains(label))
        {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let currency =
                series.rsplit_once("currency=\"").expect("a currency").1.trim_end_matches("\"}");
            *sums.entry(currency.to_owned()).or_default() +=
                value.parse::<f64>().expect("a number");
        }
        sums
    }

    pub(crate) fn text(&self) -> String {
        self.exposition.scrape(Format::Text).expect("an exposition")
    }

    /// Returns the samples that depend on the bill, not those about polling.
    pub(crate) fn bill(&self) -> String {
        bill(&self.exposition)
    }

    /// Returns the value of a family with one series.
    pub(crate) fn value(&self, family: &str) -> f64 {
        let text = self.text();
        let line = text.lines().find(|line| line.starts_with(&format!("{family}{{")));
        let value = line.expect("a line").rsplit_once(' ').expect("a value").1;
        value.parse().expect("a number")
    }

    /// Returns the number of kept days in a state.
    pub(crate) fn dates(&self, state: &str) -> f64 {
        let text = self.text();
        let (name, state) = ("azure_billing_dates{", format!("state=\"{state}\""));
        let line = text.lines().find(|line| line.starts_with(name) && line.contains(&state));
        line.expect("a line").rsplit_once(' ').expect("a value").1.parse().expect("a number")
    }

    pub(crate) fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.clock.now()).date()
    }

    /// Returns what the simulator billed for the month of a day.
    pub(crate) fn billed(&self, of: Date) -> BTreeMap<String, f64> {
        let (kind, id, _) = self.setup.scopes[0];
        let totals = self.simulator.period_totals(kind, id, of.year(), of.month());
        totals
            .into_iter()
            .map(|(currency, money)| (currency, money.to_string().parse().expect("a number")))
            .collect()
    }

    pub(crate) fn assert_published_is_billed(&self) {
        let billed = self.billed(self.today());
        for family in CURRENT {
            self.assert_is(family, "", &billed);
        }
        let month = format!("date=\"{}", self.today().strftime("%Y-%m"));
        self.assert_is("azure_billing_scope_daily_pretax_cost", &month, &billed);
        // The simulated source corrects a day for five days, and the previous period is read daily.
        if self.today().day() > 6 {
            let before = self.billed(self.today().first_of_month().yesterday().expect("a day"));
            self.assert_is("azure_billing_scope_previous_period_pretax_cost", "", &before);
            self.assert_is("azure_billing_service_previous_period_pretax_cost", "", &before);
        }
    }

    pub(crate) fn assert_is(&self, family: &str, label: &str, billed: &BTreeMap<String, f64>) {
        let mut published = self.published(family, label);
        // Drops a currency of cost 0 that is only there because the previous period had it.
        published.retain(|currency, sum| billed.contains_key(currency) || *sum != 0.0);
        let now = self.clock.now();
        assert_eq!(
            published.keys().collect::<Vec<_>>(),
            billed.keys().collect::<Vec<_>>(),
            "{family} at {now}"
        );
        for (currency, sum) in published {
            let billed = billed[&currency];
            assert!(
                (sum - billed).abs() <= 1e-9 * billed.abs(),
                "{family} {currency} at {now}: {sum} is not {billed}"
            );
        }
    }
}

/// Returns the families of the bill and of the data in an exposition.
pub(crate) fn bill(exposition: &Exposition) -> String {
    const OF_POLLING: [&str; 4] = [
        "azure_billing_poll",
        "azure_billing_api_",
        "azure_billing_exporter_",
        "azure_billing_rows_ignored",
    ];
    let text = exposition.scrape(Format::Text).expect("an exposition");
    let of_bill = |line: &&str| {
        !line.starts_with('#') && !OF_POLLING.iter().any(|start| line.starts_with(start))
    };
    text.lines().filter(of_bill).flat_map(|line| [line, "\n"]).collect()
}

pub(crate) const INSTANCES: &str = "azure_billing_instance_pretax_cost";

const CURRENT: [&str; 4] = [
    "azure_billing_scope_pretax_cost",
    INSTANCES,
    "azure_billing_account_pretax_cost",
    "azure_billing_location_pretax_cost",
];
