//! The cloud that is read, and the version of its API.

use jiff::civil::Date;
use strict_config::shown;
use url::Url;

pub use crate::billing::regions::Cloud;

impl Cloud {
    /// Every cloud, in the order the configuration documents them.
    pub const ALL: [Self; 3] = [Self::Public, Self::UsGovernment, Self::China];

    /// Returns the spelling of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGovernment => "us_government",
            Self::China => "china",
        }
    }

    pub(super) const fn endpoint(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }

    pub(super) const fn authority_host(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGovernment => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    /// Returns the cloud whose tokens come from an address: without a file, nothing else shows the
    /// cloud.
    pub(super) fn of_authority(authority: &Url) -> Option<Self> {
        Self::of(authority, Self::authority_host)
    }

    pub(super) fn of(address: &Url, known: fn(Self) -> &'static str) -> Option<Self> {
        let is_known = |cloud: &Self| Url::parse(known(*cloud)).is_ok_and(|url| url == *address);
        Self::ALL.into_iter().find(is_known)
    }
}

/// An API version such as `2021-10-01` or `2019-04-01-preview`. It is checked, so that it can go
/// into an address unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion(String);

impl ApiVersion {
    /// Returns the version as the `api-version` parameter spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it has the `metric` parameter; versions before 2019-04-01 have actual cost
    /// only.
    pub fn knows_amortized(&self) -> bool {
        self.0.as_str() >= "2019-04-01"
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let date = text.strip_suffix("-preview").unwrap_or(text);
        match date.parse::<Date>() {
            Ok(parsed) if parsed.to_string() == date => Ok(Self(text.to_owned())),
            _ => {
                let forms = "write YYYY-MM-DD or YYYY-MM-DD-preview, for example \"2021-10-01\"";
                Err(format!("{} is not an API version; {forms}", shown(text)))
            }
        }
    }
}

/// Returns the newest version whose rows have every field that is published.
impl Default for ApiVersion {
    fn default() -> Self {
        Self("2021-10-01".to_owned())
    }
}
