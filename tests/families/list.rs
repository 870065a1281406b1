//! Rows of a test in the list of usage as Azure sends it, and the client's reading of them: pages
//! of JSON, served in process, are read like all others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use azure_billing_exporter::azure::transport::{Body, Transport, TransportError};
use azure_billing_exporter::azure::{Client, Error, Timeouts};
use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::{Charge, ChargeType, Price};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::period::DayRange;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::source::{Access, Probe, ReadRequest, Reading, Source, probe, read};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use jiff::civil::Date;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tokio::runtime::Runtime;
use tower::util::BoxCloneSyncService;

/// Nothing listens there: all requests are answered in process.
const ENDPOINT: &str = "http://127.0.0.1:1";
/// The part of a link before the number of rows on the earlier pages.
const OFFSET: &str = "&$skiptoken=";
/// Few, so that the rows of most tests take several pages.
const ROWS_PER_PAGE: usize = 7;

/// A configuration with a quota so high that nothing waits for it.
static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure: {{endpoint: \"{ENDPOINT}\", auth: {{method: token, token: x}}, requests_per_minute: {{department: 100000, subscription: 100000}}}}\nscopes: [{{department: \"1\"}}]\n"
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    Config::from_file(file.path(), &Environment::default()).expect("a configuration")
});

/// The rows of a scope, and the tag keys that they are read with.
#[derive(Clone)]
pub(crate) struct List {
    keys: TagKeys,
    /// The rows as they are sent, with their dates.
    rows: Vec<(Date, String)>,
    rows_per_page: usize,
}

impl List {
    pub(crate) fn new(keys: &TagKeys) -> Self {
        Self { keys: keys.clone(), rows: Vec::new(), rows_per_page: ROWS_PER_PAGE }
    }

    pub(crate) fn in_pages_of(self, rows_per_page: usize) -> Self {
        Self { rows_per_page, ..self }
    }

    pub(crate) fn add(&mut self, date: Date, charge: &Charge<'_>) {
        self.rows.push((date, row(date, charge)));
    }

    /// Adds a row with a change that a charge cannot express.
    pub(crate) fn add_changed(
        &mut self,
        date: Date,
        charge: &Charge<'_>,
        change: impl Fn(&mut serde_json::Value),
    ) {
        let mut row = serde_json::from_str(&row(date, charge)).expect("JSON");
        change(&mut row);
        self.rows.push((date, row.to_string()));
    }

    /// Reads the list of a department, which has only rows that were requested.
    pub(crate) fn read(&self, span: Span) -> Reading {
        let days = span.days();
        for (date, _) in &self.rows {
            let is_asked = match span {
                Span::Period(_) => true,
                Span::Days(_) => days.contains(*date),
                Span::Late(_) => *date < days.first,
            };
            assert!(is_asked, "a row of {date} is not in a list of {span:?}");
        }
        let reading = self.read_of(ScopeType::Department, span);
        assert_eq!(
            (reading.counts.counted, reading.counts.outside),
            (self.rows.len() as u64, 0),
            "{span:?}"
        );
        reading
    }

    /// Reads the list of a scope of some type, whatever rows it has.
    pub(crate) fn read_of(&self, scope_type: ScopeType, span: Span) -> Reading {
        let reading = self.answer_of(scope_type, span).expect("a reading");
        let pages = self.rows.len().div_ceil(self.rows_per_page).max(1);
        assert_eq!(reading.pages, pages as u64);
        assert_eq!(reading.counts.rounded, 0, "amounts are sent as they are");
        reading
    }

    /// Requests the list of a scope of some type, which may be refused.
    pub(crate) fn answer_of(&self, scope_type: ScopeType, span: Span) -> Result<Reading, Error> {
        let scope = ScopeId { scope_type, id: "1".to_owned(), cost: CostType::Actual };
        runtime().block_on(read(
            &Access::new(&self.client(), &scope, &self.keys),
            &ReadRequest::new(Source::UsageDetails, span),
        ))
    }

    /// Requests one page of some days of a department.
    pub(crate) fn probe(&self, days: DayRange) -> Probe {
        let (scope_type, cost) = (ScopeType::Department, CostType::Actual);
        let scope = ScopeId { scope_type, id: "1".to_owned(), cost };
        let client = self.client();
        let access = Access::new(&client, &scope, &self.keys);
        let probe = probe(&access, days, false, Duration::from_secs(60));
        let probe = runtime().block_on(probe);
        probe.expect("a page")
    }

    fn client(&self) -> Client {
        let rows = self.rows.iter().map(|(_, row)| row.clone()).collect();
        let transport = in_process(rows, self.rows_per_page);
        Client::new(&CONFIG.azure, transport, Timeouts::default(), Arc::default())
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

/// Returns an Azure that has a list in pages of so many rows.
fn in_process(rows: Arc<[String]>, rows_per_page: usize) -> Transport {
    BoxCloneSyncService::new(tower::service_fn(move |request: http::Request<Bytes>| {
        let page = page(&rows, rows_per_page, request.uri());
        let body = Full::new(Bytes::from(page)).map_err(|never: Infallible| match never {});
        let answer: http::Response<Body> = http::Response::new(UnsyncBoxBody::new(body));
        future::ready(Ok::<_, TransportError>(answer))
    }))
}

fn page(rows: &[String], rows_per_page: usize, asked: &http::Uri) -> String {
    let asked = asked.path_and_query().expect("a query").as_str();
    let (first_page, offset) = asked.split_once(OFFSET).unwrap_or((asked, "0"));
    let first: usize = offset.parse().expect("an offset that was linked to");
    let end = rows.len().min(first + rows_per_page);
    let next = if end < rows.len() {
        format!(",\"nextLink\":\"{ENDPOINT}{first_page}{OFFSET}{end}\"")
    } else {
        String::new()
    };
    format!("{{\"value\":[{}]{next}}}", rows[first..end].join(","))
}

/// A row of an enrollment, without fields that nothing reads.
#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    id: &'static str,
    name: &'static str,
    r#type: &'static str,
    #[serde(serialize_with = "object")]
    tags: &'a [(Cow<'a, str>, Cow<'a, str>)],
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    billing_account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_period_start_date: Option<String>,
    account_name: &'a str,
    subscription_id: &'a str,
    date: String,
    quantity: Box<RawValue>,
    cost: Box<RawValue>,
    billing_currency: &'a str,
    resource_location: &'a str,
    consumed_service: &'static str,
    resource_id: &'a str,
    resource_name: &'a str,
    invoice_section: &'a str,
    resource_group: &'a str,
    charge_type: &'static str,
    frequency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_estimated: Option<bool>,
    meter_details: MeterDetails<'a>,
    /// The columns whose property has their name.
    #[serde(flatten)]
    columns: BTreeMap<String, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MeterDetails<'a> {
    meter_name: &'a str,
    meter_category: &'a str,
    meter_sub_category: &'a str,
    unit_of_measure: &'a str,
}

/// Returns a row with everything that a charge contains.
fn row(date: Date, charge: &Charge<'_>) -> String {
    assert!(charge.price == Price::Unnamed && charge.degraded.is_empty(), "not sent: {charge:?}");
    let is_purchase = charge.charge_type == ChargeType::Purchase;
    assert!(is_purchase || !charge.recurring, "only purchases come again");
    let properties = Properties {
        billing_account_id: &charge.billing_account,
        billing_period_start_date: charge.billing_period_start.map(midnight),
        account_name: &charge[Column::Account],
        subscription_id: &charge.subscription_id,
        date: midnight(date),
        quantity: number(charge.quantity),
        cost: number(charge.cost),
        billing_currency: &charge.currency,
        resource_location: &charge.location,
        // The category of the meter takes precedence over it.
        consumed_service: if charge[Column::ServiceName].is_empty() {
            ""
        } else {
            "Microsoft.Example"
        },
        resource_id: &charge.instance_id,
        resource_name: &charge.instance_name,
        invoice_section: &charge[Column::Department],
        resource_group: &charge.resource_group,
        charge_type: spelling(charge.charge_type),
        frequency: match (charge.recurring, is_purchase) {
            (true, _) => "Recurring",
            (false, true) => "OneTime",
            (false, false) => "UsageBased",
        },
        is_estimated: charge.estimated,
        meter_details: MeterDetails {
            meter_name: &charge[Column::Meter],
            meter_category: &charge[Column::ServiceName],
            meter_sub_category: &charge[Column::Subcategory],
            unit_of_measure: &charge.unit,
        },
        columns: columns(charge),
    };
    let row = Row {
        kind: "legacy",
        id: "/providers/Microsoft.Billing/billingAccounts/0/providers/Microsoft.Consumption/usageDetails/0",
        name: "0",
        r#type: "Microsoft.Consumption/usageDetails",
        tags: &charge.tags,
        properties,
    };
    serde_json::to_string(&row).expect("JSON")
}

/// Returns the texts of the columns that have no property of another name, by their properties.
fn columns<'c>(charge: &'c Charge<'_>) -> BTreeMap<String, &'c str> {
    use Column as C;
    let elsewhere = [C::Department, C::Account, C::ServiceName, C::Subcategory, C::Meter];
    let here = Column::ALL.into_iter().filter(|column| !elsewhere.contains(column));
    let sent = here.filter(|column| !charge[*column].is_empty());
    sent.map(|column| (camel_case(column.name()), charge[column].as_ref())).collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn midnight(date: Date) -> String {
    format!("{date}T00:00:00.0000000Z")
}

/// Returns a number with every digit of an amount.
fn number(amount: Amount) -> Box<RawValue> {
    RawValue::from_string(amount.to_string()).expect("a number")
}

fn object<S: Serializer>(
    tags: &&[(Cow<'_, str>, Cow<'_, str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(tags.iter().map(|(key, value)| (key, value)))
}

/// Returns a charge type as Azure spells it.
fn spelling(charge_type: ChargeType) -> &'static str {
    match charge_type {
        ChargeType::Adjustment => "Adjustment",
        ChargeType::Credit => "Credit",
        ChargeType::Other => "Donation",
        ChargeType::Purchase => "Purchase",
        ChargeType::Refund => "Refund",
        ChargeType::RoundingAdjustment => "RoundingAdjustment",
        ChargeType::Tax => "Tax",
        ChargeType::UnusedReservation => "UnusedReservation",
        ChargeType::UnusedSavingsPlan => "UnusedSavingsPlan",
        ChargeType::Usage => "Usage",
    }
}
