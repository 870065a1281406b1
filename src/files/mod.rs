//! Files that somebody else may have prepared: a device, a pipe, a link or a gigabyte where a small
//! file was expected.
//!
//! Nothing here blocks for whoever is at the other end of a pipe, follows a link that nobody named, or
//! reads without a bound. A file that is written is there whole or not at all. What a file means is
//! known to those who ask.

mod output;
mod read;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub use output::Output;
pub use read::{Unreadable, open, read, read_pipe, read_text};
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile, TempPath};

/// Costs, names and secrets are for the owner of a file alone.
pub const PRIVATE: u32 = 0o600;

/// Unlike the names that are read from a folder: it is hidden, and does not end in `.prom`.
const SCRATCH: &str = ".azure-billing-exporter.";
/// How the name of a file ends that is not whole yet.
pub const UNFINISHED: &str = ".tmp";
/// The kernel's own bound of links that lead to links.
const MOST_LINKS: usize = 40;
/// Files that were set aside under one name; more are a loop.
const MOST_ASIDE: u32 = 1000;

/// Makes a file of its own in the folder of a target, which it can replace, under a name that nobody
/// can have prepared. It vanishes with the value. `mode` is narrowed by the umask, as always.
pub fn scratch(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    scratch_named(target, SCRATCH, mode)
}

/// The same, with a name that begins otherwise.
pub fn scratch_named(target: &Path, prefix: &str, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(prefix).suffix(UNFINISHED).rand_bytes(12);
    builder.make_in(folder_of(target), |path| {
        File::options().read(true).write(true).create_new(true).mode(mode).open(path)
    })
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where the links of a path end, whether something is there or not. A file is replaced there, so that
/// the links stay. `None` where they end in a descriptor, as `/dev/fd/3` does: whoever opened that
/// file waits for what is written into it, not for another one of its name.
pub fn follow(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let link = match fs::read_link(&target) {
            Ok(link) => link,
            // No link, or nothing at all.
            Err(error)
                if [io::ErrorKind::InvalidInput, io::ErrorKind::NotFound]
                    .contains(&error.kind()) =>
            {
                return Ok(Some(target));
            }
            Err(error) => return Err(error),
        };
        let folder = folder_of(&target);
        if folder.canonicalize()?.starts_with("/proc") {
            return Ok(None);
        }
        target = folder.join(link);
    }
    Err(Errno::LOOP.into())
}

/// Renames a file to `<path><suffix>`, or where that is taken to `<path><suffix>.1` and so on. No file
/// is replaced. Returns the new name.
pub fn set_aside(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    for number in 0..MOST_ASIDE {
        let mut aside = path.as_os_str().to_owned();
        aside.push(suffix);
        if number > 0 {
            aside.push(format!(".{number}"));
        }
        match rename_to_free(path, Path::new(&aside)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done.map(|()| aside.into()),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn rename_to_free(path: &Path, name: &Path) -> io::Result<()> {
    let mut path = TempPath::try_from_path(path)?;
    // It is no temporary file; only its renaming is wanted.
    path.disable_cleanup(true);
    path.persist_noclobber(name).map_err(|error| error.error)
}

/// Takes the rights of everybody but the owner from an open file. Returns the rights that it had, where
/// these were wider.
pub fn narrow(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(None);
    }
    file.set_permissions(PermissionsExt::from_mode(mode & PRIVATE))?;
    Ok(Some(mode))
}
