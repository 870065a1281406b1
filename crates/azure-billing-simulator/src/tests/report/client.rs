//! A client of the report.

use std::collections::BTreeMap;

use http::{StatusCode, header};
use serde_json::Value;

use super::{
    super::{
        super::Money,
        client::{Answer, Client},
    },
    ACCOUNT, BASE, Line,
    csv::{added_up, parse},
    order_path,
};

impl Answer {
    pub(super) fn location(&self) -> String {
        self.headers[header::LOCATION].to_str().unwrap().replace(BASE, "")
    }

    pub(super) fn links(&self) -> Vec<String> {
        let blobs = self.json()["manifest"]["blobs"].as_array().expect(&self.text).clone();
        let link = |blob: &Value| blob["blobLink"].as_str().unwrap().replace(BASE, "");
        blobs.iter().map(link).collect()
    }
}

impl Client {
    /// Returns the sums of a report of the billing account; `None` if anything shows that it is
    /// invalid.
    pub(super) async fn try_to_report(&self) -> Option<BTreeMap<String, Money>> {
        let ours = |link: &str| link.strip_prefix(BASE).map(str::to_owned);
        let order = self.try_to_ask("POST", &order_path(ACCOUNT), true, "{}".into()).await?;
        let location = order.headers.get(header::LOCATION)?.to_str().unwrap().to_owned();
        let mut told = Value::Null;
        for _ in 0..3 {
            let answer = self.try_to_ask("GET", &ours(&location)?, true, String::new()).await?;
            if answer.status == StatusCode::OK {
                told = serde_json::from_str(&answer.text).ok()?;
                break;
            }
        }
        let blob = &told.get("manifest")?["blobs"][0];
        let link = ours(blob["blobLink"].as_str()?)?;
        let answer = self.try_to_ask("GET", &link, false, String::new()).await?;
        let whole = answer.text.len() as u64 == blob["byteCount"].as_u64()?;
        (answer.status == StatusCode::OK && whole).then(|| added_up(&parse(&answer.text)))
    }

    pub(super) async fn order(&self, scope: (&str, &str), body: &Value) -> Answer {
        self.ask("POST", &order_path(scope), true, body.to_string()).await
    }

    pub(super) async fn look(&self, location: &str) -> Answer {
        self.ask("GET", location, true, String::new()).await
    }

    pub(super) async fn download(&self, link: &str) -> Answer {
        self.ask("GET", link, false, String::new()).await
    }

    /// Returns the lines of a report that is answered at once, by column name.
    pub(super) async fn report(&self, scope: (&str, &str), body: &Value) -> Vec<Line> {
        let answer = self.order(scope, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let mut lines = Vec::new();
        let mut bytes = 0;
        for link in answer.links() {
            let blob = self.download(&link).await;
            assert_eq!(blob.status, StatusCode::OK, "{}", blob.text);
            bytes += blob.text.len();
            lines.extend(parse(&blob.text));
        }
        assert_eq!(answer.json()["manifest"]["byteCount"], bytes);
        lines
    }
}
