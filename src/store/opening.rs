//! Opens or creates the database file. A file that cannot be used is never emptied or deleted: it
//! is set aside under a name that says why.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;
use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageError};
use tempfile::PathPersistError;
use tracing::{error, warn};

use super::tables::{Found, begin, found};
use crate::files::{self, PRIVATE, Unreadable};

/// The size of the cache, in bytes. It is small, because a day is read only once at a restart and
/// then when it is replaced.
const CACHE: usize = 1024 * 1024;

/// A function that returns the time, for the name of a file that is set aside.
pub type Now = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// The reason why there is no database.
pub(super) enum Refusal {
    /// Another process uses it.
    InUse,
    /// An error of the disk or of permissions, or a file that is no database and cannot be set
    /// aside.
    Disk(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

impl From<redb::Error> for Refusal {
    fn from(error: redb::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

/// Opens or creates the database at a path. A link stays where it is: its target is opened, created
/// or set aside.
pub(super) fn open(path: &Path, now: &Now) -> Result<Database, Refusal> {
    let Some(target) = files::follow(path)? else {
        return Err(Refusal::Disk("is an open descriptor, not a regular file".to_owned()));
    };
    match files::open(path, OpenOptions::new().read(true).write(true)) {
        Ok(file) => match existing(&target, file, now)? {
            Some(database) => Ok(database),
            None => create(&target),
        },
        Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => create(&target),
        Err(error) => Err(Refusal::Disk(error.to_string())),
    }
}

/// Opens the database in a file; `None` if the file was unusable and is set aside.
fn existing(path: &Path, file: File, now: &Now) -> Result<Option<Database>, Refusal> {
    narrow(path, &file);
    let own = file.metadata()?;
    let opened = database(file);
    let what = match &opened {
        Ok(database) => found(database).map_err(|error| error.to_string()),
        Err(error) => match in_the_way(error) {
            Some(refusal) => return Err(refusal),
            None => Err(error.to_string()),
        },
    };
    let (suffix, damage) = match (what, &opened) {
        (Ok(Found::Ours), _) => return Ok(opened.ok()),
        (Ok(Found::Nothing), Ok(database)) => {
            begin(database)?;
            return Ok(opened.ok());
        }
        (Ok(Found::Other(other)), _) => (format!(".format-{other}"), None),
        (Ok(Found::Foreign | Found::Nothing), _) => (".format-unknown".to_owned(), None),
        (Err(damage), _) => (now().strftime(".corrupt-%Y%m%dT%H%M%SZ").to_string(), Some(damage)),
    };
    // The database is still open, and therefore locked. If another file is at the path by now,
    // another process has created it: that one must not be set aside instead of the damaged one.
    let is_own = |there: Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
    if !fs::metadata(path).is_ok_and(is_own) {
        return Err(Refusal::InUse);
    }
    let aside = files::set_aside(path, &suffix).map_err(|error| {
        Refusal::Disk(format!("it can be neither used nor renamed to …{suffix}: {error}"))
    })?;
    log_set_aside(path, &aside, damage);
    Ok(None)
}

/// Creates a database completely or not at all: a full disk must leave no incomplete one, which the
/// next poll would take for a damaged one.
fn create(path: &Path) -> Result<Database, Refusal> {
    let (file, unfinished) = files::scratch(path, PRIVATE)?.into_parts();
    let database = database(file).map_err(redb::Error::from)?;
    begin(&database)?;
    match unfinished.persist_noclobber(path) {
        Ok(()) => Ok(database),
        // Another process was faster.
        Err(PathPersistError { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Refusal::InUse)
        }
        Err(PathPersistError { error, .. }) => Err(error.into()),
    }
}

/// Opens the database in a file. In an empty file, a database is created.
fn database(file: File) -> Result<Database, DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder.create_with_backend(FileBackend::new(file)?)
}

/// Returns why a database cannot be opened, if the reason is not damage.
fn in_the_way(error: &DatabaseError) -> Option<Refusal> {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Some(Refusal::InUse)
        }
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() != io::ErrorKind::InvalidData
                && error.kind() != io::ErrorKind::UnexpectedEof =>
        {
            Some(Refusal::Disk(error.to_string()))
        }
        _ => None,
    }
}

/// Makes the file accessible to its owner alone, because costs are confidential.
fn narrow(path: &Path, file: &File) {
    let path = path.display();
    match files::narrow(file) {
        Ok(None) => {}
        Ok(Some(mode)) => warn!(
            %path,
            mode = format!("{mode:04o}"),
            "other users could open the file of the stored days; now only its owner can"
        ),
        Err(error) => warn!(
            %path,
            "other users can open the file of the stored days, and its permissions cannot be changed: {error}; chmod it to 600"
        ),
    }
}

/// Logs which file was set aside, and why.
fn log_set_aside(path: &Path, aside: &Path, damage: Option<String>) {
    let (path, aside) = (path.display(), aside.display());
    match damage {
        Some(damage) => error!(
            %path, %aside,
            "the stored days are damaged, set aside and read again from Azure: {damage}; look for errors of the disk"
        ),
        None => warn!(
            %path, %aside,
            "the stored days are of another version of the exporter, set aside and read again from Azure; delete the file unless you go back to that version"
        ),
    }
}
