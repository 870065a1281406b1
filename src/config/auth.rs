//! `azure.auth` and the `AZURE_*` variables: who asks. Nothing here talks to Azure.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::environment::{
    CERTIFICATE_PATH, CLIENT_ID, CLIENT_SECRET, Environment, FEDERATED_TOKEN_FILE, TENANT_ID,
};
use super::error::Problems;
use super::keys;
use super::secret::{Secret, one_line};
use super::tree::{At, Section, one_of};

/// Who asks, decided and complete: a credential can be built from it without further questions.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `method: environment`, resolved when the configuration was loaded.
    Environment(EnvironmentAuth),
    /// `method: client_secret`.
    ClientSecret(ClientSecret),
    /// `method: token`: a ready bearer token from elsewhere, good for as long as it lives.
    Token(Secret),
}

impl Auth {
    /// The identity in words for the log and for `check`; never a secret.
    pub fn describe(&self) -> String {
        match self {
            Self::Token(Secret::Value(_)) => "a ready token".to_owned(),
            Self::Token(Secret::File { path, .. }) => format!("the token in {}", path.display()),
            Self::ClientSecret(application)
            | Self::Environment(EnvironmentAuth::ClientSecret(application)) => {
                format!("application {} with a client secret", application.client_id)
            }
            Self::Environment(EnvironmentAuth::WorkloadIdentity { client_id, .. }) => {
                format!("application {client_id} by workload identity")
            }
            Self::Environment(EnvironmentAuth::ManagedIdentity { client_id: Some(client_id) }) => {
                format!("managed identity {client_id}")
            }
            Self::Environment(EnvironmentAuth::ManagedIdentity { client_id: None }) => {
                "the managed identity of this machine".to_owned()
            }
        }
    }
}

/// What the `AZURE_*` variables ask for, in the order Azure's own tools look.
#[derive(Clone, Debug)]
pub enum EnvironmentAuth {
    /// `AZURE_CLIENT_SECRET` with tenant and client.
    ClientSecret(ClientSecret),
    /// `AZURE_FEDERATED_TOKEN_FILE`: a Kubernetes service account federated with the application.
    WorkloadIdentity {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
        /// The service account's token, rotated by the kubelet.
        token_file: PathBuf,
    },
    /// None of these: the identity of the machine.
    ManagedIdentity {
        /// Which user-assigned identity; the system-assigned one without.
        client_id: Option<String>,
    },
}

/// An application that signs in with a secret.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// The directory: a GUID or a domain name.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Environment,
    ClientSecret,
    Token,
}

impl Method {
    const ALL: [Self; 3] = [Self::Environment, Self::ClientSecret, Self::Token];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::ClientSecret => "client_secret",
            Self::Token => "token",
        }
    }

    /// The keys that mean something to it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Environment => &[],
            Self::ClientSecret => {
                &["tenant_id", "client_id", "client_secret", "client_secret_file"]
            }
            Self::Token => &["token", "token_file"],
        }
    }
}

/// Methods of Azure's tools that later versions will know.
const LATER: [&str; 4] =
    ["client_certificate", "managed_identity", "workload_identity", "azure_cli"];

/// Reads the section; without one the environment decides. Relative paths start at `directory`.
pub(super) fn read(
    at: Option<At<'_>>,
    environment: &Environment,
    directory: &Path,
    problems: &mut Problems,
) -> Option<Auth> {
    let Some(at) = at else {
        return from_environment(environment, problems).map(Auth::Environment);
    };
    let section = at.section(keys::AUTH, problems)?;
    let method = match section.get("method") {
        Some(at) => at.parse(problems, method)?,
        None => Method::Environment,
    };
    refuse_keys_of_others(&section, method, problems);
    match method {
        Method::Environment => from_environment(environment, problems).map(Auth::Environment),
        Method::ClientSecret => {
            client_secret(&section, directory, problems).map(Auth::ClientSecret)
        }
        Method::Token => secret(&section, TOKEN, directory, problems).map(Auth::Token),
    }
}

fn method(word: &str) -> Result<Method, String> {
    if LATER.contains(&word) {
        let now = Method::ALL.map(Method::as_str).join(", ");
        return Err(format!("`{word}` is not in this version yet; use one of {now}"));
    }
    one_of(word, &Method::ALL, Method::as_str)
}

fn refuse_keys_of_others(section: &Section<'_>, method: Method, problems: &mut Problems) {
    for other in Method::ALL.into_iter().filter(|other| *other != method) {
        for at in other.keys().iter().filter_map(|key| section.get(key)) {
            let (method, other) = (method.as_str(), other.as_str());
            let remedy = format!("set `method: {other}`, or remove the key");
            problems.at(&at, format!("does not belong to method `{method}`; {remedy}"));
        }
    }
}

fn client_secret(
    section: &Section<'_>,
    directory: &Path,
    problems: &mut Problems,
) -> Option<ClientSecret> {
    let tenant = "method `client_secret` needs the directory (tenant) id of the application";
    let client = "method `client_secret` needs the application (client) id";
    let tenant_id = identifier_of(section, "tenant_id", tenant, problems);
    let client_id = identifier_of(section, "client_id", client, problems);
    let secret = secret(section, CLIENT_SECRET_KEYS, directory, problems);
    Some(ClientSecret { tenant_id: tenant_id?, client_id: client_id?, secret: secret? })
}

fn identifier_of(
    section: &Section<'_>,
    key: &str,
    why: &str,
    problems: &mut Problems,
) -> Option<String> {
    match section.get(key) {
        Some(at) => at.parse(problems, identifier),
        None => {
            section.missing(key, why, problems);
            None
        }
    }
}

/// A GUID or a domain name: what may stand in the address tokens come from. Anything else is not
/// quoted, because it may be the secret, pasted one line too high.
fn identifier(text: &str) -> Result<String, String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err("is no id; use a GUID (or, for a tenant, its domain name)".to_owned());
    }
    Ok(text.to_owned())
}

/// The two keys a secret can be given by, and how errors call them.
#[derive(Clone, Copy)]
struct SecretKeys {
    value: &'static str,
    file: &'static str,
    file_path: &'static str,
}

const CLIENT_SECRET_KEYS: SecretKeys = SecretKeys {
    value: "client_secret",
    file: "client_secret_file",
    file_path: "azure.auth.client_secret_file",
};
const TOKEN: SecretKeys =
    SecretKeys { value: "token", file: "token_file", file_path: "azure.auth.token_file" };

fn secret(
    section: &Section<'_>,
    keys: SecretKeys,
    directory: &Path,
    problems: &mut Problems,
) -> Option<Secret> {
    match (section.get(keys.value), section.get(keys.file)) {
        (Some(value), None) => value.parse(problems, inline_secret),
        (None, Some(file)) => {
            let path = directory.join(file.parse(problems, file_name)?);
            let secret = Secret::File { path, key: keys.file_path };
            let unusable = |error: super::SecretError| {
                problems.at(&file, format!("{} {}", error.path.display(), error.reason));
            };
            secret.read().map_err(unusable).ok().map(|_| secret)
        }
        (Some(_), Some(file)) => {
            let wrong = format!("contradicts `{}`; keep one of the two", keys.value);
            problems.at(&file, wrong);
            None
        }
        (None, None) => {
            let why = format!("give it here, or the file that holds it as `{}`", keys.file);
            section.missing(keys.value, &why, problems);
            None
        }
    }
}

fn inline_secret(text: &str) -> Result<Secret, String> {
    match one_line(SecretString::from(text)) {
        Ok(secret) => Ok(Secret::Value(secret)),
        Err(_) => Err("is empty or more than one line; give the bare secret".to_owned()),
    }
}

fn file_name(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty; give a path".to_owned()) } else { Ok(text.into()) }
}

fn from_environment(environment: &Environment, problems: &mut Problems) -> Option<EnvironmentAuth> {
    if environment.get(CLIENT_SECRET, problems).is_some() {
        return environment_secret(environment, problems).map(EnvironmentAuth::ClientSecret);
    }
    if environment.get(CERTIFICATE_PATH, problems).is_some() {
        let remedy = format!("unset it and set {CLIENT_SECRET}");
        problems.outside(
            CERTIFICATE_PATH,
            format!("certificates are not in this version yet; {remedy}"),
        );
        return None;
    }
    if let Some(token_file) = environment.get(FEDERATED_TOKEN_FILE, problems) {
        let because = FEDERATED_TOKEN_FILE;
        let tenant_id = required(environment, TENANT_ID, because, problems);
        let client_id = required(environment, CLIENT_ID, because, problems);
        let (tenant_id, client_id, token_file) = (tenant_id?, client_id?, token_file.into());
        return Some(EnvironmentAuth::WorkloadIdentity { tenant_id, client_id, token_file });
    }
    let client_id = match environment.get(CLIENT_ID, problems) {
        Some(_) => Some(required(environment, CLIENT_ID, CLIENT_ID, problems)?),
        None => None,
    };
    Some(EnvironmentAuth::ManagedIdentity { client_id })
}

/// A secret without its application is refused rather than passed over: Azure would be asked as the
/// machine instead, and answer with a riddle.
fn environment_secret(environment: &Environment, problems: &mut Problems) -> Option<ClientSecret> {
    let tenant_id = required(environment, TENANT_ID, CLIENT_SECRET, problems);
    let client_id = required(environment, CLIENT_ID, CLIENT_SECRET, problems);
    let text = environment.get(CLIENT_SECRET, problems)?;
    let secret = inline_secret(text).map_err(|wrong| problems.outside(CLIENT_SECRET, wrong)).ok();
    Some(ClientSecret { tenant_id: tenant_id?, client_id: client_id?, secret: secret? })
}

fn required(
    environment: &Environment,
    name: &str,
    because: &str,
    problems: &mut Problems,
) -> Option<String> {
    let Some(text) = environment.get(name, problems) else {
        problems.outside(name, format!("is not set, but {because} is; set it, or unset {because}"));
        return None;
    };
    identifier(text).map_err(|wrong| problems.outside(name, wrong)).ok()
}
