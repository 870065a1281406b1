//! The output of a command: a file, which is replaced whole or not at all, or whatever else has
//! that name.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use strict_config::name_of;
use tempfile::NamedTempFile;
use tokio::net::unix::pipe;
use tokio::time::sleep;
use tracing::info;

use super::{follow, scratch};

/// The mode of the written file. Others may read it, as far as the umask lets them: node_exporter
/// runs as another user.
const SHARED: u32 = 0o666;
/// The time between two checks whether somebody reads from a pipe.
const LOOK: Duration = Duration::from_millis(200);

/// An output to write to.
#[derive(Debug)]
pub struct Output(Kind);

#[derive(Debug)]
enum Kind {
    /// A file to replace. What was written has another name until it is finished.
    File { target: PathBuf, unfinished: Option<NamedTempFile> },
    /// A device or standard output.
    Through(File),
    /// A named pipe, and its sender once somebody reads there.
    Pipe { path: PathBuf, sender: Option<pipe::Sender> },
}

impl Output {
    /// Checks that a path can be written, as far as this is possible without writing. A symbolic
    /// link stays, and its target is written. Needs a runtime.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub fn prepare(path: &Path) -> io::Result<Self> {
        let target = follow(path)?;
        // The kernel itself follows the links here: it refuses those that others have put into a
        // shared folder.
        let there = match (fs::metadata(path), &target) {
            (Ok(there), _) => there,
            (Err(error), Some(target)) if error.kind() == io::ErrorKind::NotFound => {
                return Self::file(target.clone());
            }
            (Err(error), _) => return Err(error),
        };
        if target.as_deref() != Some(path)
            && let Some(output) = standard_output(&there)
        {
            return Ok(Self(Kind::Through(output)));
        }
        let kind = there.file_type();
        if kind.is_file() {
            return match target {
                Some(target) if is_same(&fs::symlink_metadata(&target)?, &there) => {
                    Self::file(target)
                }
                Some(_) => Err(io::Error::other("its links changed while they were followed")),
                None => Ok(Self(Kind::Through(File::options().append(true).open(path)?))),
            };
        }
        if kind.is_fifo() {
            return Ok(Self(Kind::Pipe { path: path.to_owned(), sender: sender(path)? }));
        }
        if kind.is_char_device() {
            let file = File::options().write(true).open(path)?;
            return Ok(Self(Kind::Through(file)));
        }
        match kind.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Err(io::Error::other(format!("is a {}", name_of(kind)))),
        }
    }

    fn file(target: PathBuf) -> io::Result<Self> {
        drop(scratch(&target, SHARED)?);
        Ok(Self(Kind::File { target, unfinished: None }))
    }

    /// Writes further bytes. Waits as long as nobody reads from a pipe.
    ///
    /// # Errors
    /// Returns an error if they cannot be written; a file then stays as it was.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Kind::File { target, unfinished } => {
                let file = match unfinished {
                    Some(file) => file,
                    None => unfinished.insert(scratch(target, SHARED)?),
                };
                file.as_file_mut().write_all(bytes)
            }
            Kind::Through(file) => file.write_all(bytes),
            Kind::Pipe { path, sender } => {
                let sender = match sender {
                    Some(sender) => sender,
                    None => sender.insert(sender_once_read(path).await?),
                };
                send(sender, bytes).await
            }
        }
    }

    /// Ends the output: a file replaces the one before.
    ///
    /// # Errors
    /// Returns an error if that fails; the file then stays as it was.
    pub fn finish(self) -> io::Result<()> {
        if let Kind::File { target, unfinished: Some(file) } = self.0 {
            file.as_file().sync_all()?;
            file.persist(&target).map_err(|error| error.error)?;
        }
        Ok(())
    }
}

/// Returns the sender to a named pipe; `None` if nobody reads there yet.
fn sender(path: &Path) -> io::Result<Option<pipe::Sender>> {
    match pipe::OpenOptions::new().open_sender(path) {
        Ok(sender) => Ok(Some(sender)),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until somebody reads from a named pipe, and returns its sender.
async fn sender_once_read(path: &Path) -> io::Result<pipe::Sender> {
    if let Some(sender) = sender(path)? {
        return Ok(sender);
    }
    info!(path = %path.display(), "waiting until somebody reads from the pipe");
    loop {
        sleep(LOOK).await;
        if let Some(sender) = sender(path)? {
            return Ok(sender);
        }
    }
}

async fn send(sender: &pipe::Sender, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        sender.writable().await?;
        match sender.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns standard output if a file is the same. It is not opened by its name: a redirected file
/// would be written from its beginning, and a socket cannot be opened.
fn standard_output(file: &Metadata) -> Option<File> {
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    output.metadata().is_ok_and(|own| is_same(&own, file)).then_some(output)
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
