//! The files that a web config consists of, and whether they have changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use strict_config::{Unreadable, read_text};

/// The size limit of the file and of those it names.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// The files that were read, with stamps that show when they change.
#[derive(Debug, Default)]
pub(super) struct Files {
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

impl Files {
    /// Returns whether any of them has changed since it was read, by its place on the disk, its size
    /// and its time of change. Reads this from the file system, and blocks while it does.
    pub(super) fn have_changed(&self) -> bool {
        self.stamps.iter().any(|(path, stamp)| Stamp::of(path) != *stamp)
    }

    /// Reads a file. The stamp is taken first, so that a change during the read is noticed later.
    pub(super) fn read(&mut self, path: &Path) -> Result<String, Unreadable> {
        self.stamps.push((path.to_owned(), Stamp::of(path)));
        read_text(path, LARGEST_FILE)
    }
}

/// Device, inode, size, and when the content or the permissions changed.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(u64, u64, u64, i64, i64);

impl Stamp {
    /// Returns the stamp of a file. Symbolic links are followed, because Kubernetes swaps mounted
    /// secrets by them.
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self(file.dev(), file.ino(), file.size(), file.ctime(), file.ctime_nsec()))
    }
}
