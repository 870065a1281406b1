//! Opens, reads and replaces files that somebody else may have prepared: a device, a pipe, a link
//! or a gigabyte where a small file was expected.
//!
//! Nothing here waits for the other end of a pipe without a limit, follows an unexpected link, or
//! reads without a bound. A file is written completely or not at all. Callers know what a file
//! means; this module does not.

mod output;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
pub use strict_config::{Unreadable, open, read, read_pipe, read_text};
use tempfile::{Builder, NamedTempFile, TempPath};

pub use output::Output;

/// The mode of files with costs, names and secrets: only the owner may read them.
pub const PRIVATE: u32 = 0o600;

/// The size limit of files that people write, such as configurations and certificates. There is
/// room for thousands of scopes.
pub const WRITTEN_BY_HAND: u64 = 4 * 1024 * 1024;

/// The prefix of temporary files. It hides them, and so keeps them apart from the files that
/// programs read from a folder, as does the missing `.prom`.
const SCRATCH: &str = ".azure-billing-exporter.";
/// The suffix of a file that is not complete yet.
pub const UNFINISHED: &str = ".tmp";
/// The most links that lead to links; the same limit as in the kernel.
const MOST_LINKS: usize = 40;
/// The most files that are set aside under one name; more would mean that a loop creates them.
const MOST_ASIDE: u32 = 1000;

/// Creates a temporary file in the folder of a target, which it can replace, under a name that
/// nobody can have prepared. It is deleted when the value is dropped. `mode` is narrowed by the
/// umask, as always.
pub fn scratch(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    scratch_named(target, SCRATCH, mode)
}

/// Creates a temporary file as [`scratch`] does, with another prefix.
pub fn scratch_named(target: &Path, prefix: &str, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(prefix).suffix(UNFINISHED).rand_bytes(12);
    builder.make_in(folder_of(target), |path| {
        File::options().read(true).write(true).create_new(true).mode(mode).open(path)
    })
}

/// Returns the folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns where the links of a path end, whether or not a file is there. A file is replaced there,
/// so that the links stay. `None` if they end in a descriptor, as `/dev/fd/3` does: the program
/// that opened it waits for bytes in that file, not for a new file of the same name.
pub fn follow(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let link = match fs::read_link(&target) {
            Ok(link) => link,
            // The path is not a link, or nothing is there.
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

/// Renames a file to `<path><suffix>`, or if that is taken to `<path><suffix>.1` and so on. No file
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
    // The file is not temporary; only its renaming is needed.
    path.disable_cleanup(true);
    path.persist_noclobber(name).map_err(|error| error.error)
}

/// Removes the permissions of all but the owner from an open file. Returns the permissions that it
/// had, if these were wider.
pub fn narrow(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(None);
    }
    file.set_permissions(PermissionsExt::from_mode(mode & PRIVATE))?;
    Ok(Some(mode))
}
