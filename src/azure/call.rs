//! A request to Azure, and what a successful answer contains.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use url::Url;

use super::error::Error;
use super::retry::Failure;
use crate::status::Api;

/// The name that this program reports to Azure, which counts calls by it.
const CLIENT_TYPE: &str = "azure-billing-exporter";

/// A request to Azure's API.
pub(crate) struct Call<'a> {
    pub(crate) api: Api,
    /// The service whose quota Azure throttles.
    pub(crate) service: &'static str,
    pub(crate) url: &'a Url,
    /// The JSON to post; without it the request is a GET.
    pub(crate) body: Option<Bytes>,
}

impl<'a> Call<'a> {
    /// Returns a GET request for an address.
    pub(crate) fn get(api: Api, service: &'static str, url: &'a Url) -> Self {
        Self { api, service, url, body: None }
    }

    /// Returns a POST request of some JSON.
    pub(crate) fn post(api: Api, service: &'static str, url: &'a Url, body: Bytes) -> Self {
        Self { api, service, url, body: Some(body) }
    }

    pub(crate) fn request(&self) -> http::request::Builder {
        let request = match &self.body {
            None => Request::get(self.url.as_str()),
            Some(_) => Request::post(self.url.as_str())
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8"),
        };
        request.header(header::ACCEPT, "application/json").header("ClientType", CLIENT_TYPE)
    }
}

/// The content of a successful answer.
#[derive(Debug)]
pub(crate) enum Content {
    /// 200: the body.
    Body(Bytes),
    /// 204: a success without rows.
    Nothing,
    /// 202: the answer will be ready later.
    Later {
        /// The address to ask later, as sent.
        location: Option<String>,
        /// The time to wait, if Azure names one.
        wait: Option<Duration>,
    },
}

pub(crate) fn no_request(error: http::Error) -> Failure {
    Failure::Final(Error::BadAnswer(format!("cannot make a request from the link: {error}")))
}

/// Returns a header as text.
pub(crate) fn text(headers: &http::HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
