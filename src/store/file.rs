//! The database file: opened by one process, and opened again after a disk error.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use redb::{Database, ReadableTable};
use thiserror::Error;
use tracing::{error, info};

use super::opening::{self, Now, Refusal};
use super::tables::{DAYS, POLLS, SOURCES, TOTALS};
use crate::billing::scope::ScopeId;
use crate::descriptors;

/// The error that another process uses the file.
#[derive(Debug, Error)]
#[error(
    "{} is in use by another azure-billing-exporter; stop it, or give this one another state.path",
    .0.display()
)]
pub struct InUse(PathBuf);

/// The file in which days are stored.
pub struct Store {
    path: PathBuf,
    /// The database; `None` after a disk error, until the next use.
    database: Mutex<Option<Database>>,
    now: Now,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}

impl Store {
    /// Opens or creates the file. A file that cannot be used is logged and tried again later:
    /// polling continues in memory.
    ///
    /// # Errors
    /// Returns [`InUse`] if another process uses it.
    pub fn open(path: &Path, now: Now) -> Result<Self, InUse> {
        let store = Self { path: path.to_owned(), database: Mutex::default(), now };
        match opening::open(path, &store.now) {
            Ok(database) => {
                *store.database.lock().unwrap_or_else(PoisonError::into_inner) = Some(database);
            }
            Err(Refusal::InUse) => return Err(InUse(path.to_owned())),
            Err(Refusal::Disk(what)) => error!(
                path = %path.display(),
                "cannot store days, polling goes on in memory and a restart will read everything again: {what}; {}",
                descriptors::remedy_or("check state.path, its permissions and the disk")
            ),
        }
        Ok(store)
    }

    /// Removes the data of all scopes except the given ones.
    pub fn keep_only(&self, scopes: &[ScopeId]) {
        let wanted: BTreeSet<String> = scopes.iter().map(ScopeId::to_string).collect();
        match self.using(|database| drop_others(database, &wanted)) {
            Ok(dropped) => {
                for scope in dropped {
                    info!(scope, "dropped the days of a scope that is not configured any more");
                }
            }
            // The error was logged when the file was opened.
            Err(what) => tracing::debug!("{what}"),
        }
    }

    /// Runs `work` with the database, which is opened again if an error closed it.
    pub(super) fn using<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, String> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &*database {
            Some(open) => open,
            None => database.insert(opening::open(&self.path, &self.now).map_err(|refusal| {
                match refusal {
                    Refusal::InUse => InUse(self.path.clone()).to_string(),
                    Refusal::Disk(what) => what,
                }
            })?),
        };
        work(open).map_err(|error| {
            // After a disk error a database refuses all further work.
            *database = None;
            error.to_string()
        })
    }
}

/// Removes the data of other scopes, and returns these scopes.
fn drop_others(database: &Database, wanted: &BTreeSet<String>) -> Result<Vec<String>, redb::Error> {
    let unwanted = |scope: &str| !wanted.contains(scope);
    let writing = database.begin_write()?;
    let mut dropped = BTreeSet::new();
    {
        let mut scope_totals = writing.open_table(TOTALS)?;
        for entry in scope_totals.iter()? {
            let scope = entry?.0.value().0.to_owned();
            dropped.extend(unwanted(&scope).then_some(scope));
        }
        scope_totals.retain(|(scope, _), _| !unwanted(scope))?;
        writing.open_table(SOURCES)?.retain(|scope, _| !unwanted(scope))?;
        writing.open_table(POLLS)?.retain(|scope, _| !unwanted(scope))?;
        writing.open_table(DAYS)?.retain(|(scope, ..), _| !unwanted(scope))?;
    }
    writing.commit()?;
    Ok(dropped.into_iter().collect())
}
