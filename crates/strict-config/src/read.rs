//! Reads small files: without waiting longer than allowed, and without reading more than allowed.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// The reason why a file cannot be used. The remedy depends on the purpose of the file, and is
/// added by the caller.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file is absent or forbidden, or the disk fails.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is a device, a pipe or the like: to open it could block, or have an effect.
    #[error("is a {0}, not a regular file")]
    Special(&'static str),
    /// The file is something else: a log, a database.
    #[error("is larger than {} KiB", .0 / 1024)]
    TooLarge(u64),
    /// The file is not text.
    #[error("is not UTF-8 text")]
    NotText,
    /// The writer of the pipe did not finish in time.
    #[error("is a pipe that did not end within {} s", .0.as_secs())]
    Endless(Duration),
    /// The writer of the pipe has gone: it can be read only once.
    #[error("is a pipe whose content was read already")]
    Spent,
}

/// Opens a regular file. A symbolic link to one is followed, because mounted secrets of Kubernetes
/// are such links; anything else is refused at once.
pub fn open(path: &Path, options: &mut OpenOptions) -> Result<File, Unreadable> {
    // Checked before it is opened as well: opening alone can start a device or end another
    // program's wait.
    regular(fs::metadata(path)?.file_type())?;
    let file = options.custom_flags(at_once()).open(path)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Returns the bytes of a regular file of a limited size.
pub fn read(path: &Path, largest: u64) -> Result<Vec<u8>, Unreadable> {
    let file = open(path, File::options().read(true))?;
    let mut bytes = Vec::new();
    // The length in the metadata is not used: for many files of the system it is 0.
    file.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(Unreadable::TooLarge(largest));
    }
    Ok(bytes)
}

/// Returns the text of a regular file of a limited size.
pub fn read_text(path: &Path, largest: u64) -> Result<String, Unreadable> {
    String::from_utf8(read(path, largest)?).map_err(|_| Unreadable::NotText)
}

/// Returns the bytes of a regular file, or of a pipe whose writer finishes within a time: a shell's
/// `<(…)`, or standard input.
pub fn read_pipe(path: &Path, largest: u64, patience: Duration) -> Result<Vec<u8>, Unreadable> {
    if !fs::metadata(path)?.file_type().is_fifo() {
        return read(path, largest);
    }
    let pipe = File::options().read(true).custom_flags(at_once()).open(path)?;
    let bytes = drain(pipe, largest, patience)?;
    if bytes.is_empty() { Err(Unreadable::Spent) } else { Ok(bytes) }
}

fn drain(mut pipe: File, largest: u64, patience: Duration) -> Result<Vec<u8>, Unreadable> {
    let until = Instant::now() + patience;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    while bytes.len() as u64 <= largest {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        // For `read`, a pipe without a writer so far is at its end; `poll` waits for one.
        match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(Unreadable::Endless(patience)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unreadable::TooLarge(largest))
}

/// Returns flags that keep `open` from waiting, and from taking over a terminal. They have no
/// effect on a regular file.
fn at_once() -> i32 {
    (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()
}

fn regular(kind: FileType) -> Result<(), Unreadable> {
    if kind.is_file() { Ok(()) } else { Err(Unreadable::Special(name_of(kind))) }
}

/// Returns the name of a kind of file that is not regular.
pub fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "directory"
    } else if kind.is_fifo() {
        "pipe"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_block_device() {
        "block device"
    } else {
        "character device"
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_is_waited_for_no_longer_than_was_agreed_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let patience = Duration::from_millis(20);
        // No process has it open.
        let nobody = read_pipe(&path, 100, patience).unwrap_err();
        assert!(matches!(nobody, Unreadable::Endless(_)), "{nobody}");
        // A process has it open, and does not finish.
        let mut writer = File::options().read(true).write(true).open(&path).unwrap();
        io::Write::write_all(&mut writer, b"azure:").unwrap();
        let endless = read_pipe(&path, 100, patience).unwrap_err();
        assert!(matches!(endless, Unreadable::Endless(_)), "{endless}");
    }

    #[test]
    fn a_file_is_read_to_its_bound_whatever_length_it_says_it_has() {
        let status = Path::new("/proc/self/status");
        assert_eq!(fs::metadata(status).unwrap().len(), 0);
        assert!(read_text(status, 64 * 1024).unwrap().contains("Name:"));
        assert!(matches!(read(status, 10), Err(Unreadable::TooLarge(10))));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"0123456789").unwrap();
        assert_eq!(read(file.path(), 10).unwrap(), b"0123456789");
        assert!(matches!(read(file.path(), 9), Err(Unreadable::TooLarge(9))));
        fs::write(file.path(), [0xff]).unwrap();
        assert!(matches!(read_text(file.path(), 9), Err(Unreadable::NotText)));
    }
}
