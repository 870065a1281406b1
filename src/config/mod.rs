//! The configuration, read from a file or flags and the environment, and checked. After this, no
//! `String` is really an address, a duration or a secret.
//!
//! Only this module reads the environment. It opens the configuration, secret files and
//! certificates, and nothing else: no network, no clock, no log. A configuration is either complete
//! and valid or an [`Error`] that reports every problem, its place and what to do; it is never
//! corrected silently.
//!
//! A file goes from text to a tree that knows its lines (the crate `strict-config`), and then each
//! section is read by its own module. The keys that these ask for are those that a file may have. The
//! file of `--web.config.file` is read in the same way, by the crate `exporter-web`.

mod auth;
mod azure;
mod budgets;
mod certificate;
mod cloud;
mod control;
mod environment;
mod history;
mod metrics;
mod poll;
mod scope_id;
mod scopes;
mod secret;
mod state;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use strict_config::{At, Document, File, Keys, Problems, Remedies, Unreadable, keys_of};
pub use strict_config::{Error, Problem, duration as parse_duration};

pub use auth::{Application, Auth, ManagedIdentity};
pub use azure::{Azure, RequestsPerMinute};
pub use budgets::ScopeBudget;
pub use certificate::{CertificateProblem, ClientCertificate};
pub use cloud::{ApiVersion, Cloud};
pub use control::Control;
pub use environment::{Environment, Supervisor};
pub use history::{AuthorizationFile, ExtraHeader, ExtraLabel, ReceiverUrl};
pub use metrics::Metrics;
pub use poll::Poll;
pub use scopes::{Read, Scope};
pub use secret::{Secret, SecretError, SecretProblem};

use crate::billing::scope::CostType;
use crate::files;
use budgets::Known;

/// The time to wait for a configuration from a pipe: the command that writes it may first have to
/// ask for a key.
const PIPE_PATIENCE: Duration = Duration::from_secs(30);
/// What to do about keys that cannot exist, and about secrets that stand in variables.
const REMEDIES: Remedies = Remedies {
    instead: scope_id::instead,
    secrets: "give a secret by its `…_file` key or the AZURE_… variables, ",
};

/// A configuration that can be used as it is.
#[derive(Clone, Debug)]
pub struct Config {
    /// The source of the data.
    pub azure: Azure,
    /// The scopes that are read: at least one, each once, with labels that differ.
    pub scopes: Vec<Scope>,
    /// The rules for when scopes are read.
    pub poll: Poll,
    /// The choice of what is published, and how much of it.
    pub metrics: Metrics,
    /// The limits that scopes are measured by, in the order of the file; names differ.
    pub budgets: Vec<ScopeBudget>,
    /// The totals of Azure that rows are held against.
    pub control: Control,
    /// The file that stores days across restarts; without one they are in memory only.
    pub state_path: Option<PathBuf>,
    /// The warnings: what works but is probably a mistake, such as a secret that every user can
    /// read.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// Reads a YAML file, or a pipe with the text of one. Secret files that it names must be
    /// readable now, though they are read again at each use; relative ones are looked for beside
    /// the configuration file.
    pub fn from_file(path: &Path, environment: &Environment) -> Result<Self, Error> {
        let mut problems = Problems::in_file(path.display().to_string());
        let bytes = files::read_pipe(path, files::WRITTEN_BY_HAND, PIPE_PATIENCE);
        let text =
            bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| Unreadable::NotText));
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                problems.in_document(None, format!("{error}; {}", remedy(&error)));
                return problems.finish(None);
            }
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        let config = Self::from_text(&text, directory, environment, &mut problems);
        problems.finish(config)
    }

    /// Reads a text as if it were a file, for tests and for `crate::fuzzing`.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn from_yaml(text: &str, environment: &Environment) -> Result<Self, Error> {
        let mut problems = Problems::in_file("config.yaml".to_owned());
        let config = Self::from_text(text, Path::new(""), environment, &mut problems);
        problems.finish(config)
    }

    /// Makes a configuration without a file, from values of `--scope` such as `department/1234`,
    /// credentials of the environment, and defaults for the rest.
    pub fn from_flags(scopes: &[String], environment: &Environment) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let scopes = scopes::from_flags(scopes, &mut problems);
        let azure = azure::read(None, environment, Path::new(""), &mut problems);
        let (poll, metrics) = (Poll::default(), Metrics::default());
        let config = azure.map(|azure| Self {
            azure,
            scopes,
            poll,
            metrics,
            budgets: Vec::new(),
            control: Control::default(),
            state_path: None,
            warnings: problems.take_warnings(),
        });
        problems.finish(config)
    }

    fn from_text(
        text: &str,
        directory: &Path,
        environment: &Environment,
        problems: &mut Problems,
    ) -> Option<Self> {
        let document = Document::parse(text, problems)?;
        let keys = Self::keys();
        let root = At::root(&document, File { text, keys: &keys });
        Self::from_root(&root, directory, environment, problems)
    }

    /// Returns the keys that a file can have.
    fn keys() -> Keys {
        let (directory, environment) = (Path::new(""), Environment::default());
        keys_of(REMEDIES, |root, problems| {
            Self::from_root(&root, directory, &environment, problems)
        })
    }

    fn from_root(
        root: &At<'_>,
        directory: &Path,
        environment: &Environment,
        problems: &mut Problems,
    ) -> Option<Self> {
        let root = root.section(problems)?;
        let azure = azure::read(root.get("azure"), environment, directory, problems);
        let before = problems.count();
        let scopes = scopes::read(root.get("scopes"), problems);
        let known_scopes = (problems.count() == before).then_some(scopes.as_slice());
        let poll = poll::read(root.get("poll"), problems);
        let before = problems.count();
        let metrics = metrics::read(root.get("metrics"), problems);
        let known_tags = (problems.count() == before).then_some(metrics.tags.as_slice());
        let known = Known { scopes: known_scopes, tags: known_tags };
        let budgets = budgets::read(root.get("budgets"), &known, problems);
        let control = control::read(root.get("control"), problems);
        let state_path = state::read(root.get("state"), directory, problems);
        let azure = azure?;
        let amortized = scopes.iter().find(|scope| scope.id.cost == CostType::Amortized);
        if let Some(scope) = amortized
            && !azure.api_version.knows_amortized()
        {
            let version = azure.api_version.as_str();
            let line = root.get("azure").map_or(1, |at| at.line);
            let key = "azure.usage_details_api_version".to_owned();
            let why = format!(
                "{version} has actual cost only, and scope `{}` asks for amortized; use 2019-10-01 or later, or remove `cost: amortized`",
                scope.label
            );
            problems.on_line(line, key, why);
        }
        let warnings = problems.take_warnings();
        Some(Self { azure, scopes, poll, metrics, budgets, control, state_path, warnings })
    }
}

/// Returns what to do about a file of `--config.file` that cannot be read.
fn remedy(error: &Unreadable) -> &'static str {
    match error {
        Unreadable::NotText => "save it as UTF-8",
        Unreadable::Spent => "name a file where the configuration is to be read again",
        _ => "give the path of a readable YAML file",
    }
}
