//! Reads the keys of `azure.auth`, method by method.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use strict_config::{At, Problems, Section, shown_path, trimmed};

use super::environment::federated_token;
use super::identity::{Application, Auth, ManagedIdentity, identifier, usable_certificate};
use super::method::Method;
use crate::config::environment::{CLIENT_ID, Environment, FEDERATED_TOKEN_FILE, TENANT_ID};
use crate::config::secret::{Secret, SecretError, bare};

/// The section while it is read, and the list that its problems are added to.
pub(super) struct Keys<'a, 's> {
    pub(super) section: &'a Section<'s>,
    pub(super) method: Method,
    /// The folder that relative paths start from.
    pub(super) directory: &'a Path,
    pub(super) problems: &'a mut Problems,
}

/// The two keys that can give a secret, and the name of the second in errors.
#[derive(Clone, Copy)]
struct SecretKeys {
    value: &'static str,
    file: &'static str,
    file_path: &'static str,
}

const CLIENT_SECRET: SecretKeys = SecretKeys {
    value: "client_secret",
    file: "client_secret_file",
    file_path: "azure.auth.client_secret_file",
};
const CLIENT_CERTIFICATE: SecretKeys = SecretKeys {
    value: "client_certificate",
    file: "client_certificate_file",
    file_path: "azure.auth.client_certificate_file",
};
const TOKEN: SecretKeys =
    SecretKeys { value: "token", file: "token_file", file_path: "azure.auth.token_file" };
const FEDERATED_TOKEN: &str = "azure.auth.federated_token_file";

/// A function that reads a secret: one line, or the whole text.
type Read = fn(&Secret) -> Result<SecretString, SecretError>;

/// Returns the keys of all methods that the section has, each once.
pub(super) fn given<'a>(section: &Section<'a>) -> Vec<(&'static str, At<'a>)> {
    let mut keys: Vec<&str> = Vec::new();
    for key in Method::ALL.into_iter().flat_map(Method::keys) {
        if !keys.contains(key) {
            keys.push(key);
        }
    }
    keys.into_iter().filter_map(|key| Some((key, section.get(key)?))).collect()
}

impl Keys<'_, '_> {
    pub(super) fn refuse_those_of_others(&mut self, given: &[(&str, At<'_>)]) {
        let (method, own) = (self.method.as_str(), self.method.keys());
        for (key, at) in given.iter().filter(|(key, _)| !own.contains(key)) {
            let owners = Method::ALL.into_iter().filter(|other| other.keys().contains(key));
            let owners: Vec<&str> = owners.map(Method::as_str).collect();
            let remedy = match owners.as_slice() {
                [owner] => format!("set `method: {owner}`, or remove the key"),
                owners => format!("set `method` to {}, or remove the key", owners.join(" or ")),
            };
            self.problems.at(at, format!("does not belong to method `{method}`; {remedy}"));
        }
    }

    pub(super) fn client_secret(&mut self) -> Option<Auth> {
        let application = self.application();
        let secret = self.secret(CLIENT_SECRET, Secret::read, bare);
        Some(Auth::ClientSecret(application?, secret?))
    }

    pub(super) fn client_certificate(&mut self) -> Option<Auth> {
        let application = self.application();
        let pem = self.secret(CLIENT_CERTIFICATE, Secret::read_whole, |text| Ok(text.into()))?;
        if let Err(wrong) = usable_certificate(&pem) {
            let (value, file) = (CLIENT_CERTIFICATE.value, CLIENT_CERTIFICATE.file);
            let at = self.section.get(file).or_else(|| self.section.get(value))?;
            self.problems.at(&at, wrong);
        }
        Some(Auth::ClientCertificate(application?, pem))
    }

    pub(super) fn managed_identity(&mut self) -> Option<Auth> {
        let [client, object, resource] =
            ["client_id", "object_id", "resource_id"].map(|key| self.section.get(key));
        let identity = match (client, object, resource) {
            (None, None, None) => ManagedIdentity::System,
            (Some(at), None, None) => {
                ManagedIdentity::ClientId(at.parse(self.problems, identifier)?)
            }
            (None, Some(at), None) => {
                ManagedIdentity::ObjectId(at.parse(self.problems, identifier)?)
            }
            (None, None, Some(at)) => {
                ManagedIdentity::ResourceId(at.parse(self.problems, resource_id)?)
            }
            (first, second, third) => {
                let at = third.or(second).or(first)?;
                let wrong =
                    "contradicts the other id; keep one of client_id, object_id, resource_id";
                self.problems.at(&at, wrong);
                return None;
            }
        };
        Some(Auth::ManagedIdentity(identity))
    }

    /// Reads a workload identity. What the file leaves out comes from the environment, where the
    /// webhook of Kubernetes has put it.
    pub(super) fn workload_identity(&mut self, environment: &Environment) -> Option<Auth> {
        let tenant_id = self.identifier_or("tenant_id", environment, TENANT_ID);
        let client_id = self.identifier_or("client_id", environment, CLIENT_ID);
        let token = match self.section.get("federated_token_file") {
            Some(file) => self.secret_file(&file, FEDERATED_TOKEN, Secret::read),
            None if environment.get(FEDERATED_TOKEN_FILE, self.problems).is_some() => {
                federated_token(environment, self.problems)
            }
            None => {
                self.missing("federated_token_file", FEDERATED_TOKEN_FILE);
                None
            }
        };
        let application = Application { tenant_id: tenant_id?, client_id: client_id? };
        Some(Auth::WorkloadIdentity(application, token?))
    }

    pub(super) fn azure_cli(&mut self) -> Option<Auth> {
        let tenant_id = match self.section.get("tenant_id") {
            Some(at) => Some(at.parse(self.problems, identifier)?),
            None => None,
        };
        Some(Auth::AzureCli { tenant_id })
    }

    pub(super) fn token(&mut self) -> Option<Auth> {
        self.secret(TOKEN, Secret::read, bare).map(Auth::Token)
    }

    fn application(&mut self) -> Option<Application> {
        let method = self.method.as_str();
        let tenant =
            format!("method `{method}` needs the directory (tenant) id of the application");
        let client = format!("method `{method}` needs the application (client) id");
        let tenant_id = self.identifier("tenant_id", &tenant);
        let client_id = self.identifier("client_id", &client);
        Some(Application { tenant_id: tenant_id?, client_id: client_id? })
    }

    fn identifier(&mut self, key: &str, why: &str) -> Option<String> {
        match self.section.get(key) {
            Some(at) => at.parse(self.problems, identifier),
            None => {
                self.section.missing(key, why, self.problems);
                None
            }
        }
    }

    fn identifier_or(
        &mut self,
        key: &str,
        environment: &Environment,
        variable: &str,
    ) -> Option<String> {
        if let Some(at) = self.section.get(key) {
            return at.parse(self.problems, identifier);
        }
        match environment.get(variable, self.problems) {
            Some(text) => {
                identifier(text).map_err(|wrong| self.problems.outside(variable, wrong)).ok()
            }
            None => {
                self.missing(key, variable);
                None
            }
        }
    }

    fn missing(&mut self, key: &str, variable: &str) {
        let method = self.method.as_str();
        let why = format!("method `{method}` needs it, here or as {variable}");
        self.section.missing(key, &why, self.problems);
    }

    /// Reads a secret from one of its two keys: `parse` reads a value in this file, `read` the
    /// content of a secret file.
    fn secret(
        &mut self,
        keys: SecretKeys,
        read: Read,
        parse: fn(&str) -> Result<SecretString, String>,
    ) -> Option<Secret> {
        match (self.section.get(keys.value), self.section.get(keys.file)) {
            (Some(value), None) => {
                self.problems.warn_if_file_is_shared(&value);
                value.parse(self.problems, parse).map(Secret::Value)
            }
            (None, Some(file)) => {
                let secret = self.secret_file(&file, keys.file_path, read)?;
                if let Some(warning) = secret.warning() {
                    self.problems.warn_at(&file, warning);
                }
                Some(secret)
            }
            (Some(_), Some(file)) => {
                let wrong = format!("contradicts `{}`; keep one of the two", keys.value);
                self.problems.at(&file, wrong);
                None
            }
            (None, None) => {
                let why =
                    format!("give it here, or give the file that contains it as `{}`", keys.file);
                self.section.missing(keys.value, &why, self.problems);
                None
            }
        }
    }

    fn secret_file(&mut self, at: &At<'_>, key: &'static str, read: Read) -> Option<Secret> {
        let path = self.directory.join(at.parse(self.problems, file_name)?);
        let secret = Secret::File { path, key };
        match read(&secret) {
            Ok(_) => Some(secret),
            Err(error) => {
                self.problems.at(at, format!("{} {}", shown_path(&error.path), error.reason));
                None
            }
        }
    }
}

/// Parses the ARM id of an identity. A wrong value is never quoted, as with every key of this
/// section.
fn resource_id(text: &str) -> Result<String, String> {
    let text = trimmed(text);
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || "/-._()".contains(character);
    let lower = text.to_ascii_lowercase();
    let is_one = lower.starts_with("/subscriptions/")
        && lower.contains("/providers/microsoft.managedidentity/userassignedidentities/")
        && text.chars().all(allowed);
    if is_one {
        return Ok(text.to_owned());
    }
    Err("is not the id of a managed identity; use /subscriptions/…/resourceGroups/…/providers/\
         Microsoft.ManagedIdentity/userAssignedIdentities/…"
        .to_owned())
}

fn file_name(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty; give a path".to_owned()) } else { Ok(text.into()) }
}
