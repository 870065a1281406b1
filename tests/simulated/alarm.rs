//! What Prometheus makes of the published differences: `AzureBillingDayDiffers` and the rules that
//! it builds on, evaluated in simulated time for one scope.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

/// The alert as it is shipped. If it changes, so must [`Alarm::evaluate`].
const RULE: &str = "      - alert: AzureBillingDayDiffers
        expr: |
          scope_date_currency:azure_billing_day_difference_pretax_cost:max != 0
          and on (scope) scope_state:azure_billing_dates:max{state=\"differs\"} > 0
        for: 8h
";
const FOR: SignedDuration = SignedDuration::from_hours(8);
/// The time for which the recording rules show a series that is not scraped any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(12);

const OF_DAY: &str = "azure_billing_day_difference_pretax_cost{";

/// A day of a currency.
type Series = (String, String);

/// The state of the alert.
#[derive(Default)]
pub(crate) struct Alarm {
    /// The last value of each difference, and when it was scraped.
    recorded: BTreeMap<Series, (f64, Timestamp)>,
    /// Since when the alert of a day is pending.
    pending: BTreeMap<Series, Timestamp>,
}

impl Alarm {
    /// Evaluates the rules on what is scraped at a moment. Returns the days whose alert fires.
    pub(crate) fn evaluate(&mut self, text: &str, now: Timestamp) -> Vec<Series> {
        for (series, value) in differences(text) {
            self.recorded.insert(series, (value, now));
        }
        self.recorded.retain(|_, (_, at)| now.duration_since(*at) < REMEMBERED);
        let any_differs = differing(text) > 0.0;
        let is_true = |series: &Series| any_differs && self.recorded[series].0 != 0.0;
        let now_true: Vec<Series> =
            self.recorded.keys().filter(|series| is_true(series)).cloned().collect();
        self.pending.retain(|series, _| now_true.contains(series));
        for series in now_true {
            self.pending.entry(series).or_insert(now);
        }
        let fires = self.pending.iter().filter(|(_, since)| now.duration_since(**since) >= FOR);
        fires.map(|(series, _)| series.clone()).collect()
    }
}

/// Returns the published differences by day and currency.
pub(crate) fn differences(text: &str) -> BTreeMap<Series, f64> {
    let lines = text.lines().filter(|line| line.starts_with(OF_DAY));
    let difference = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let label = |name: &str| {
            let value = series.split_once(&format!("{name}=\"")).expect("a label").1;
            value.split('"').next().expect("a value").to_owned()
        };
        ((label("date"), label("currency")), value.parse().expect("a number"))
    };
    lines.map(difference).collect()
}

/// Returns the number of days that differ.
fn differing(text: &str) -> f64 {
    let is_it = |line: &&str| {
        line.starts_with("azure_billing_dates{") && line.contains("state=\"differs\"")
    };
    let value = |line: &str| line.rsplit_once(' ').expect("a value").1.parse::<f64>();
    text.lines().find(is_it).map_or(0.0, |line| value(line).expect("a number"))
}

#[test]
fn the_alert_is_the_one_that_is_shipped() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus/rules/alerts.yml");
    let rules = fs::read_to_string(rules).expect("a file");
    assert!(rules.contains(RULE), "Alarm::evaluate is about another rule:\n{RULE}");
}
