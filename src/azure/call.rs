//! What is asked of Azure, and what a good answer holds.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use url::Url;

use super::error::Error;
use super::retry::Failure;
use crate::metrics::api::Api;

/// How we introduce ourselves to Azure, which counts calls by it.
const CLIENT_TYPE: &str = "azure-billing-exporter";

/// A request to Azure's API.
pub(super) struct Call<'a> {
    pub(super) api: Api,
    pub(super) url: &'a Url,
    /// JSON to be posted; without it the address is only read.
    pub(super) body: Option<Bytes>,
}

impl<'a> Call<'a> {
    /// Reads an address.
    pub(super) fn get(api: Api, url: &'a Url) -> Self {
        Self { api, url, body: None }
    }

    pub(super) fn request(&self) -> http::request::Builder {
        let request = match &self.body {
            None => Request::get(self.url.as_str()),
            Some(_) => Request::post(self.url.as_str())
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8"),
        };
        request.header(header::ACCEPT, "application/json").header("ClientType", CLIENT_TYPE)
    }
}

/// What a good answer holds.
#[derive(Debug)]
pub(super) enum Content {
    /// 200.
    Body(Bytes),
    /// 204: a success without rows.
    Nothing,
    /// 202: the answer will be there later.
    Later {
        /// Where, as sent.
        location: Option<String>,
        /// When, if Azure says so.
        wait: Option<Duration>,
    },
}

pub(super) fn no_request(error: http::Error) -> Failure {
    Failure::Final(Error::BadAnswer(format!("no request can be made of the link: {error}")))
}

/// A header as text.
pub(super) fn text(headers: &http::HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
