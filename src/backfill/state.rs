//! The folder where the months that were read are kept until all is written. They cost hours of
//! quota, so they must survive a crash.
//!
//! Each month is a file that is written whole or not at all. The folder belongs to one job, whose
//! settings are stored in it, and to one process at a time.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::OFlags;

use super::month_file::KeptMonth;
use crate::billing::period::Period;
use crate::billing::shape::shape;
use crate::files::{self, PRIVATE, UNFINISHED, Unreadable};

/// The version of the format of kept months. The shape of their bills is compared too.
const FORMAT: &str = "format: 4\n";
const SETTINGS: &str = "settings";
const LOCK: &str = "lock";
/// The largest settings, which name every scope and label.
const LARGEST_SETTINGS: u64 = 64 * 1024 * 1024;
const MONTH: &str = "month";
/// The end of the name of an empty file that marks a month as sent to the receiver.
const SENT: &str = "sent";

/// The kept months of a job.
pub(super) struct State {
    folder: PathBuf,
    /// The lock. The system releases it when the process ends, in whatever way.
    _lock: File,
}

impl State {
    /// Opens the folder or creates it.
    pub(super) fn open(folder: &Path, settings: &str) -> Result<Self> {
        let place = || {
            format!(
                "cannot store what is read in {}; make it writable, or give another --state",
                folder.display()
            )
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(place)?;
        let lock = open_lock(&folder.join(LOCK)).with_context(place)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "{} is in use by another backfill; wait for it, or give another --state",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(place),
        }
        let state = Self { folder: folder.to_owned(), _lock: lock };
        state.belongs_to(&format!("{FORMAT}shape: {}\n{settings}", shape()))?;
        Ok(state)
    }

    /// Refuses the months of another job, because they have other series.
    fn belongs_to(&self, settings: &str) -> Result<()> {
        let path = self.folder.join(SETTINGS);
        let known = match files::read_text(&path, LARGEST_SETTINGS) {
            Ok(known) => known,
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                if self.entries().any(|name| !is_own(&name)) {
                    bail!(
                        "{} holds other files; give a folder of its own to --state",
                        self.folder.display()
                    );
                }
                return self.put(SETTINGS, settings.as_bytes());
            }
            Err(error) => {
                return Err(error).with_context(|| path.display().to_string());
            }
        };
        if known == settings {
            return Ok(());
        }
        let missing = |these: &str, those: &str| -> Vec<String> {
            let lines = these.lines().filter(|line| those.lines().all(|other| other != *line));
            lines.map(str::to_owned).collect()
        };
        bail!(
            "{} belongs to an unfinished backfill with other settings: there `{}`, here `{}`. Run that backfill again to continue it, remove the folder to start over, or give another --state",
            self.folder.display(),
            missing(&known, settings).join("`, `"),
            missing(settings, &known).join("`, `")
        )
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a month, if it was read.
    pub(super) fn month(&self, scope: usize, month: Period) -> Result<Option<KeptMonth>> {
        let path = self.folder.join(name(scope, month, MONTH));
        match files::open(&path, File::options().read(true)) {
            Ok(file) => KeptMonth::open(file).map(Some).with_context(|| damaged(&path)),
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Returns a month that must have been read.
    pub(super) fn read_month(&self, scope: usize, month: Period) -> Result<KeptMonth> {
        let path = self.folder.join(name(scope, month, MONTH));
        self.month(scope, month)?.with_context(|| format!("{} is gone", path.display()))
    }

    /// Keeps a month.
    pub(super) fn keep(&self, scope: usize, month: Period, bytes: &[u8]) -> Result<()> {
        self.put(&name(scope, month, MONTH), bytes)
    }

    /// Returns whether a month was sent to the receiver.
    pub(super) fn is_sent(&self, scope: usize, month: Period) -> bool {
        self.folder.join(name(scope, month, SENT)).exists()
    }

    /// Marks a month as sent.
    pub(super) fn sent(&self, scope: usize, month: Period) -> Result<()> {
        self.put(&name(scope, month, SENT), b"")
    }

    /// Writes a file, whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        // The temporary file's name begins with this name: if this run is killed, the next one
        // knows it.
        let unfinished = files::scratch_named(&path, &format!("{name}."), PRIVATE);
        let written = unfinished.and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            // The folder is synced too, so that the file is there after a power cut.
            File::open(&self.folder)?.sync_all()
        });
        written.with_context(|| format!("cannot write {}; is the disk full?", path.display()))
    }

    /// Removes its own files, and the folder if nothing else is in it. Files that may not be
    /// removed do no harm.
    pub(super) fn remove(self) {
        for name in self.entries().filter(|name| is_own(name)) {
            let _ = fs::remove_file(self.folder.join(name));
        }
        let _ = fs::remove_dir(&self.folder);
    }
}

impl State {
    /// Returns the names of the folder's files. A name that is not valid Unicode is none of ours,
    /// and is shown approximately.
    fn entries(&self) -> impl Iterator<Item = String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().display().to_string())
    }
}

/// Returns whether a file was made here.
fn is_own(name: &str) -> bool {
    let unfinished = name.strip_suffix(UNFINISHED).and_then(|name| name.rsplit_once('.'));
    let name = unfinished.map_or(name, |(name, _)| name);
    let of_month = |name: &str| {
        let (stem, end) = name.rsplit_once('.')?;
        let (scope, month) = stem.split_once('-')?;
        Some(
            [MONTH, SENT].contains(&end)
                && scope.parse::<usize>().is_ok()
                && month.parse::<Period>().is_ok(),
        )
    };
    [SETTINGS, LOCK].contains(&name) || of_month(name) == Some(true)
}

/// Opens the lock or creates it; a link is refused, and a pipe as well.
fn open_lock(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    File::options().write(true).create(true).mode(PRIVATE).custom_flags(flags).open(path)
}

fn name(scope: usize, month: Period, end: &str) -> String {
    format!("{scope}-{month}.{end}")
}

fn damaged(path: &Path) -> String {
    format!("{} is damaged; remove it, and the next run reads this month again", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backfill::month_file::bytes_of;
    use crate::billing::history::{Bill, FamilySeries, Month};

    fn october() -> Period {
        "2026-10".parse().unwrap()
    }

    fn a_month() -> Vec<u8> {
        let labels = vec!["usage".to_owned(), "EUR".to_owned()];
        let families = vec![FamilySeries::from([(labels, vec![(1, 0.1), (31, -2.5)])])];
        bytes_of(&Month { families, bill: Bill::default() }, 7, Default::default()).unwrap()
    }

    #[test]
    fn a_month_comes_back_as_it_was_kept_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path(), "a\n").unwrap();
        assert!(state.month(0, october()).unwrap().is_none());
        state.keep(0, october(), &a_month()).unwrap();
        let kept = state.read_month(0, october()).unwrap();
        assert_eq!(kept.rows(), 7);
        let mut family = kept.family(0).unwrap();
        assert_eq!(family.next().unwrap().unwrap().values, [(1, 0.1), (31, -2.5)]);
        assert!(family.next().unwrap().is_none());
        let whole = a_month();
        for cut in 0..whole.len() {
            state.keep(0, october(), &whole[..cut]).unwrap();
            let error = format!("{:#}", state.month(0, october()).unwrap_err());
            assert!(error.contains("is damaged; remove it"), "{cut}: {error}");
        }
    }

    #[test]
    fn a_folder_is_for_one_process_and_one_order_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("state");
        let refused = |settings| format!("{:#}", State::open(&own, settings).err().unwrap());
        let state = State::open(&own, "months: 1\nlabel: a\n").unwrap();
        assert!(refused("months: 1\nlabel: a\n").contains("in use by another backfill"));
        drop(state);
        let differs = refused("months: 1\nlabel: b\n");
        assert!(differs.contains("there `label: a`, here `label: b`"), "{differs}");
        let settings = own.join(SETTINGS);
        let written = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, written.replace(&shape(), "other")).unwrap();
        let differs = refused("months: 1\nlabel: a\n");
        assert!(differs.contains(&format!("there `shape: other`, here `shape: {}`", shape())));
        fs::write(&settings, written).unwrap();
        State::open(&own, "months: 1\nlabel: a\n").unwrap();
    }

    #[test]
    fn only_its_own_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("state");
        let state = State::open(&own, "a\n").unwrap();
        state.keep(0, october(), &a_month()).unwrap();
        state.sent(0, october()).unwrap();
        for foreign in ["x.month", "0-2026-10.month.bak", "notes.tmp"] {
            fs::write(own.join(foreign), "mine").unwrap();
        }
        for killed in ["settings.x1.tmp", "0-2026-10.month.x2.tmp", "0-2026-10.sent.x3.tmp"] {
            fs::write(own.join(killed), "half").unwrap();
        }
        state.remove();
        assert_eq!(fs::read_dir(&own).unwrap().count(), 3);
        assert!(State::open(&own, "a\n").err().unwrap().to_string().contains("other files"));
        let alone = folder.path().join("alone");
        State::open(&alone, "a\n").unwrap().remove();
        assert!(!alone.exists());
    }
}
