//! A client of the simulator that shares no code with it, and the sums of rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{body::Body, response::Response};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, value::RawValue};
use tower::ServiceExt;

use super::super::{Money, Options, Simulator};

pub(super) const FIRST: Date = Date::constant(2026, 11, 1);
pub(super) const LAST: Date = Date::constant(2026, 11, 30);
pub(super) const LIST: &str = "/providers/Microsoft.Consumption/usageDetails";

/// Returns a simulator and its clock, in hours after 2026-11-20T00:00Z.
pub(super) fn simulator(options: Options) -> (Simulator, Arc<AtomicI64>) {
    let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let hours = Arc::new(AtomicI64::new(1));
    let read = Arc::clone(&hours);
    let now = move || {
        let seconds = start.as_second() + 3600 * read.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap()
    };
    (Simulator::new(options, Arc::new(now)), hours)
}

/// A router, called as a client calls a server.
pub(super) struct Client(pub(super) axum::Router);

impl Client {
    pub(super) async fn get(&self, target: &str) -> Response {
        let request = Request::get(target)
            .header(header::HOST, "localhost:1")
            .header(header::AUTHORIZATION, "Bearer token")
            .body(Body::empty())
            .unwrap();
        self.0.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn text(&self, target: &str) -> (StatusCode, String) {
        let response = self.get(target).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Sends a request; returns `None` if the answer broke off.
    pub(super) async fn try_to_ask(
        &self,
        method: &str,
        target: &str,
        token: bool,
        body: String,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(target);
        request = request.header(header::HOST, "localhost:1");
        if token {
            request = request.header(header::AUTHORIZATION, "Bearer token");
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let announced = parts.headers.get(header::CONTENT_LENGTH);
        let whole = announced.is_none_or(|length| *length == *bytes.len().to_string());
        whole.then_some(Answer { status: parts.status, headers: parts.headers, text })
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        target: &str,
        token: bool,
        body: String,
    ) -> Answer {
        self.try_to_ask(method, target, token, body).await.expect("a whole answer")
    }

    /// Returns the rows of a reading, of all its pages, as text.
    pub(super) async fn rows(&self, target: &str) -> Vec<String> {
        let (mut rows, mut next) = (Vec::new(), Some(target.to_owned()));
        while let Some(target) = next {
            let (status, text) = self.text(&encode(&target)).await;
            assert_eq!(status, StatusCode::OK, "{text}");
            let page: Page = serde_json::from_str(&text).unwrap();
            rows.extend(page.value.into_iter().map(|row| row.get().to_owned()));
            next = page.next.map(|link| link.replace("http://localhost:1", ""));
        }
        rows
    }
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }
}

#[derive(serde::Deserialize)]
pub(super) struct Page {
    #[serde(rename = "nextLink")]
    pub(super) next: Option<String>,
    pub(super) value: Vec<Box<RawValue>>,
}

/// Percent-encodes a `nextLink`, as a client has to.
pub(super) fn encode(link: &str) -> String {
    link.replace(' ', "%20").replace('\'', "%27")
}

pub(super) fn path(kind: &str, id: &str) -> String {
    let folder = match kind {
        "billing_account" => "billingAccounts",
        "department" => "departments",
        "enrollment_account" => "enrollmentAccounts",
        _ => return format!("/subscriptions/{id}{LIST}"),
    };
    format!("/providers/Microsoft.Billing/{folder}/{id}{LIST}")
}

pub(super) fn by_date(kind: &str, id: &str, version: &str) -> String {
    let filter = format!(
        "properties/usageStart ge '{FIRST}' and properties/usageEnd le '{LAST}'&$expand=properties/meterDetails"
    );
    format!("{}?$filter={filter}&$top=1000&api-version={version}", path(kind, id))
}

/// Returns a decimal text, maybe with an exponent, in units of 10^-15; not by the simulator's code.
pub(super) fn units(text: &str) -> i128 {
    let (mantissa, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = 15 + exponent.parse::<i32>().unwrap() - fraction.len() as i32;
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    digits * 10_i128.pow(power.try_into().unwrap())
}

/// Adds up rows in either shape, by currency.
pub(super) fn sums(rows: &[String]) -> BTreeMap<String, Money> {
    #[derive(serde::Deserialize)]
    struct Row {
        properties: BTreeMap<String, Box<RawValue>>,
    }
    let mut sums = BTreeMap::<String, i128>::new();
    for row in rows {
        let properties = serde_json::from_str::<Row>(row).unwrap().properties;
        let field = |new: &str, old: &str| {
            properties.get(new).or_else(|| properties.get(old)).unwrap().get().to_owned()
        };
        let currency = field("billingCurrency", "currency").replace('"', "");
        *sums.entry(currency).or_default() += units(&field("cost", "pretaxCost"));
    }
    sums.into_iter().map(|(currency, units)| (currency, Money::from_units(units))).collect()
}

pub(super) fn values(rows: &[String], name: &str) -> BTreeSet<String> {
    let name = format!("\"{name}\":");
    let value = |row: &String| {
        let (_, rest) = row.split_once(&name)?;
        rest.split([',', '}']).next().map(str::to_owned)
    };
    rows.iter().filter_map(value).collect()
}
