//! What the status page says of Azure's own totals, on a simulated Azure that loses rows.

use std::sync::Arc;

use axum::Router;
use azure_billing_exporter::poller::Clock;
use azure_billing_simulator::{Fault, Options, Simulator, Step};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::chromium::{Chromium, LOOKS};
use crate::clients::curl;
use crate::page::{FAINT, FITS};
use crate::process::Running;
use crate::serving::wait_until_polled;

/// The enrollment of the simulator.
const ACCOUNT: (&str, &str) = ("billing_account", "100000");

/// The program, and the simulated Azure that it asks.
struct Sealed {
    _program: Running,
    _config: NamedTempFile,
    azure: JoinHandle<()>,
    address: String,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.azure.abort();
    }
}

impl Sealed {
    /// Starts with faults at some steps, and returns when a scope was polled.
    async fn start(faults: &[(Step, Fault)], control: &str) -> Self {
        let options = Options { resources: 100, late_third_party: false, ..Options::default() };
        let clock = Clock::system();
        let simulator = Simulator::new(options, Arc::new(move || clock.now()));
        for (step, fault) in faults {
            simulator.set_fault_at(*step, ACCOUNT.0, ACCOUNT.1, Some(fault.clone()));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router: Router = simulator.router();
        let azure = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        let config = NamedTempFile::new().expect("a file");
        let text = format!(
            "azure: {{endpoint: \"{endpoint}\", auth: {{method: token, token: a-token}}, requests_per_minute: {{billing_account: 1000}}}}\ncontrol: {{{control}}}\nscopes: [{{billing_account: \"{}\", name: shop, read: usage_details}}]\n",
            ACCOUNT.1
        );
        std::fs::write(config.path(), text).expect("room for a file");
        let path = config.path().to_str().expect("a path");
        let flags = ["serve", "--web.listen-address=127.0.0.1:0", "--config.file", path];
        let mut program = Running::start(&flags);
        let address = program.address();
        wait_until_polled(&address, &program);
        Self { _program: program, _config: config, azure, address }
    }

    fn get(&self, path: &str) -> String {
        let answer = curl(&[&format!("http://{}/{path}", self.address)]).expect("an answer");
        answer.text().to_owned()
    }

    /// Returns the value of a metric whose line begins so.
    fn metric(&self, beginning: &str) -> u64 {
        let metrics = self.get("metrics");
        let line = metrics.lines().find(|line| line.starts_with(beginning));
        let value = line.and_then(|line| line.rsplit(' ').next()).expect("the metric");
        value.parse().expect("a number")
    }

    /// Checks that each difference on the page is the metric's.
    fn assert_differences_are_the_metrics(&self, chromium: &mut Chromium) {
        let cells = "[...document.querySelectorAll('.beside tbody tr')].map(row => [row.children[0].innerText, row.children[3].innerText])";
        let rows = chromium.value(cells);
        let metrics = self.get("metrics");
        for row in rows.as_array().expect("rows") {
            let [day, shown] = [0, 1].map(|cell| row[cell].as_str().expect("a text"));
            let (amount, currency) = shown.split_once(' ').expect("a currency");
            let mut lines = metrics.lines().filter(|line| {
                line.starts_with("azure_billing_day_difference_pretax_cost{")
                    && line.contains(day)
                    && line.contains(currency)
            });
            let value = lines.next().and_then(|line| line.rsplit(' ').next());
            let value: f64 = value.expect("a metric").parse().expect("a number");
            assert_eq!(format!("{value:+.2}").replace('-', "−"), amount, "{day} {currency}");
        }
    }

    fn days(&self, state: &str) -> u64 {
        self.metric(&format!("azure_billing_dates{{scope=\"shop\",state=\"{state}\"}}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_lost_rows_stand_with_both_sums_and_a_missing_total_with_its_reason() {
    let faults = [(Step::List, Fault::DropRows { percent: 3 }), (Step::Balances, Fault::Forbidden)];
    let sealed = Sealed::start(&faults, "requests_per_minute: 1000").await;
    let differs = sealed.days("differs");
    let complete = differs + sealed.days("verified") + sealed.days("unverified");
    assert!(differs > 5, "{differs} of {complete}");
    let mut chromium = Chromium::start();
    for look in LOOKS {
        chromium.look(look);
        chromium.open(&format!("http://{}/", sealed.address));
        chromium.screenshot(&format!("differing-{}", look.name));
        let text = chromium.visible_text();
        for expected in [
            &format!("{} of {complete} complete days verified", sealed.days("verified")),
            &format!("{differs} differing"),
            &format!("And {} more days: see the metrics.", differs - 5),
            "Azure's total",
            "Azure gave no balance of the month (balances)",
            "asked again by itself",
        ] {
            assert!(text.contains(expected), "{}: {expected:?} in\n{text}", look.name);
        }
        assert!(!text.contains("reconciled"), "{text}");
        sealed.assert_differences_are_the_metrics(&mut chromium);
        let days = "new Set([...document.querySelectorAll('.beside tbody th')].map(e => e.innerText)).size";
        assert_eq!(chromium.value(days), 5, "{}", look.name);
        assert_eq!(chromium.value(FITS), true, "{}", look.name);
        assert_eq!(chromium.value(FAINT), json!([]), "{}", look.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_scope_whose_totals_are_not_asked_for_has_no_seal() {
    let off = "query: off, balances: off, charges: off";
    let sealed = Sealed::start(&[], off).await;
    let page = sealed.get("");
    assert!(page.contains("Cost to date"), "{page}");
    assert!(!page.contains("own total") && !page.contains("verified"), "{page}");
    let sealed = Sealed::start(&[], "requests_per_minute: 1000").await;
    let page = sealed.get("");
    let verified = sealed.days("verified");
    // In the first days of a month some days are older than what Azure is asked for.
    assert!(page.contains(&format!("{verified} of ")), "{page}");
    assert!(page.contains(" complete days verified"), "{page}");
    assert!(!page.contains("Azure gave no") && !page.contains("<caption>"), "{page}");
}
