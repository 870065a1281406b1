//! The database file: opened by one process, set aside when it is damaged, opened again after an
//! error of the disk.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};
use thiserror::Error;
use tracing::{error, info, warn};

use crate::billing::scope::ScopeId;

/// What the bytes mean. Another number is another format, whose days are read again from Azure.
const FORMAT: u32 = 4;

/// Every day is read once at a restart and then when it is replaced: nothing to cache for.
const CACHE: usize = 1024 * 1024;

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");
/// Books by scope, in numbered pieces.
pub(super) const BOOKS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("books");
/// Poll records by scope.
pub(super) const POLLS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("polls");
/// The key of a part of a day: scope, date, 1 for its guests, and its number.
pub(super) type DayKey<'a> = (&'a str, &'a str, u8, u32);
/// Days by scope and slot, in parts of a bounded size.
pub(super) const DAYS: TableDefinition<'_, DayKey<'_>, &[u8]> = TableDefinition::new("days");

/// Another process uses the file.
#[derive(Debug, Error)]
#[error(
    "{} is in use by another azure-billing-exporter; stop it, or give this one another state.path",
    .0.display()
)]
pub struct InUse(PathBuf);

/// The file that days are kept in.
pub struct Store {
    path: PathBuf,
    /// `None` after an error of the disk, until the next use.
    database: Mutex<Option<Database>>,
    now: Now,
}

/// Tells the time, for the name of a file that is set aside.
pub type Now = Box<dyn Fn() -> Timestamp + Send + Sync>;

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}

/// What opening came to, if not to a database.
enum Refusal {
    InUse,
    /// Not what we wrote.
    Damaged(String),
    /// The disk or its permissions.
    Disk(String),
}

impl Store {
    /// Opens the file or makes it. A file that cannot be used is reported and tried again later:
    /// polling goes on in memory.
    ///
    /// # Errors
    /// When another process uses it.
    pub fn open(path: &Path, now: Now) -> Result<Self, InUse> {
        let store = Self { path: path.to_owned(), database: Mutex::default(), now };
        match store.opened() {
            Ok(database) => {
                *store.database.lock().unwrap_or_else(PoisonError::into_inner) = Some(database);
            }
            Err(Refusal::InUse) => return Err(InUse(path.to_owned())),
            Err(Refusal::Disk(what) | Refusal::Damaged(what)) => error!(
                path = %path.display(),
                "cannot keep days, polling goes on in memory and a restart will read everything again: {what}; check state.path, its permissions and the disk"
            ),
        }
        Ok(store)
    }

    /// Drops what belongs to none of some scopes.
    pub fn keep_only(&self, scopes: &[ScopeId]) {
        let wanted: BTreeSet<String> = scopes.iter().map(ScopeId::to_string).collect();
        match self.using(|database| drop_others(database, &wanted)) {
            Ok(dropped) => {
                for scope in dropped {
                    info!(scope, "dropped the days of a scope that is not configured any more");
                }
            }
            // Told when the file was opened.
            Err(what) => tracing::debug!("{what}"),
        }
    }

    /// Does something with the database, which is opened again where an error closed it.
    pub(super) fn using<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, String> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &*database {
            Some(open) => open,
            None => database.insert(self.opened().map_err(|refusal| match refusal {
                Refusal::InUse => InUse(self.path.clone()).to_string(),
                Refusal::Damaged(what) | Refusal::Disk(what) => what,
            })?),
        };
        work(open).map_err(|error| {
            // After an error of the disk a database refuses to go on.
            *database = None;
            error.to_string()
        })
    }

    fn opened(&self) -> Result<Database, Refusal> {
        match self.try_open() {
            Err(Refusal::Damaged(what)) => {
                self.set_aside(&what)?;
                self.try_open()
            }
            opened => opened,
        }
    }

    fn try_open(&self) -> Result<Database, Refusal> {
        let disk = |error: io::Error| Refusal::Disk(error.to_string());
        // Costs are nobody else's business.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(&self.path).map_err(disk)?;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let database = builder.create(&self.path).map_err(refusal)?;
        match format(&database) {
            Ok(Some(FORMAT)) => Ok(database),
            Ok(None) => {
                begin(&database).map(|()| database).map_err(|e| Refusal::Disk(e.to_string()))
            }
            Ok(Some(other)) => {
                warn!(
                    format = other,
                    "the stored days are of another version of the exporter; dropped, they are read again"
                );
                begin(&database).map(|()| database).map_err(|e| Refusal::Disk(e.to_string()))
            }
            Err(error) => Err(Refusal::Damaged(error.to_string())),
        }
    }

    fn set_aside(&self, what: &str) -> Result<(), Refusal> {
        let mut name = self.path.clone().into_os_string();
        name.push((self.now)().strftime(".corrupt-%Y%m%dT%H%M%SZ").to_string());
        let aside = PathBuf::from(name);
        error!(
            path = %self.path.display(), aside = %aside.display(),
            "the stored days are damaged, set aside and read again from Azure: {what}; look for errors of the disk"
        );
        std::fs::rename(&self.path, &aside).map_err(|error| {
            Refusal::Disk(format!("the damaged file cannot be set aside: {error}"))
        })
    }
}

fn refusal(error: DatabaseError) -> Refusal {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Refusal::InUse,
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() != io::ErrorKind::InvalidData
                && error.kind() != io::ErrorKind::UnexpectedEof =>
        {
            Refusal::Disk(error.to_string())
        }
        error => Refusal::Damaged(error.to_string()),
    }
}

/// The format of the stored days; `None` in a new file.
fn format(database: &Database) -> Result<Option<u32>, redb::Error> {
    let reading = database.begin_read()?;
    match reading.open_table(ABOUT) {
        Ok(about) => Ok(about.get("format")?.map(|format| format.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Empty tables of this format.
fn begin(database: &Database) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    for table in writing.list_tables()?.collect::<Vec<_>>() {
        writing.delete_table(table)?;
    }
    writing.open_table(ABOUT)?.insert("format", FORMAT)?;
    writing.open_table(BOOKS)?;
    writing.open_table(POLLS)?;
    writing.open_table(DAYS)?;
    writing.commit()?;
    Ok(())
}

/// The scopes that were dropped.
fn drop_others(database: &Database, wanted: &BTreeSet<String>) -> Result<Vec<String>, redb::Error> {
    let unwanted = |scope: &str| !wanted.contains(scope);
    let writing = database.begin_write()?;
    let mut dropped = BTreeSet::new();
    {
        let mut books = writing.open_table(BOOKS)?;
        for entry in books.iter()? {
            let scope = entry?.0.value().0.to_owned();
            dropped.extend(unwanted(&scope).then_some(scope));
        }
        books.retain(|(scope, _), _| !unwanted(scope))?;
        writing.open_table(POLLS)?.retain(|scope, _| !unwanted(scope))?;
        writing.open_table(DAYS)?.retain(|(scope, ..), _| !unwanted(scope))?;
    }
    writing.commit()?;
    Ok(dropped.into_iter().collect())
}
