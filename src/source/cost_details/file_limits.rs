//! The limits on the size and the reading time of a report's file. It comes from an unknown storage
//! account, and its rows go to a temporary file: without limits it could fill the disk or never
//! end.

use crate::azure::{Error, Timeouts, in_words};
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
/// The largest file whose length is not announced. Azure advises reports of 2 GB at most.
const LARGEST_UNANNOUNCED: u64 = 8 * 1024 * MIB;
/// The lowest rate, in bytes a second, at which a file can be read.
const LEAST_RATE: u64 = 256 * 1024;
/// The longest time for one file, whatever length it announces.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The first bytes of other formats. Without this check the error would not name the cause.
const FOREIGN: [(&[u8], &str); 3] =
    [(b"\x1f\x8b", "compressed"), (b"PK\x03\x04", "compressed"), (b"PAR1", "Parquet")];

/// The limits of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLimits {
    /// The length of the file, if Azure announces it.
    pub(crate) announced: Option<u64>,
    /// The time for all tries together.
    pub(crate) time: Duration,
    bytes: u64,
}

impl FileLimits {
    pub(crate) fn new(announced: Option<u64>, timeouts: &Timeouts) -> Self {
        let (bytes, time) = match announced {
            Some(bytes) => (
                bytes.saturating_add(bytes / 10).saturating_add(MIB),
                timeouts.file.saturating_add(Duration::from_secs(bytes / LEAST_RATE)),
            ),
            None => (LARGEST_UNANNOUNCED, timeouts.report),
        };
        Self { announced, time: time.min(LONGEST), bytes }
    }

    /// Refuses a file that is longer than its limit.
    pub(crate) fn check(&self, length: u64) -> Result<(), Error> {
        if length <= self.bytes {
            return Ok(());
        }
        let most = self.bytes;
        Err(Error::BadAnswer(match self.announced {
            Some(announced) => format!(
                "a file of the report is longer than {most} bytes; {announced} are announced"
            ),
            None => format!("a file of the report is longer than {most} bytes"),
        }))
    }

    pub(crate) fn too_late(&self) -> Error {
        let time = in_words(self.time);
        Error::Timeout(format!("a file of the report was not complete after {time}"))
    }
}

/// The first bytes of a file, by which formats are recognised that are not read here.
#[derive(Debug, Default)]
pub(crate) struct FileStart(Vec<u8>);

impl FileStart {
    /// Adds the next part, and refuses a file in another format.
    pub(crate) fn check(&mut self, part: &[u8]) -> Result<(), Error> {
        const LONGEST_MARK: usize = 4;
        if self.0.len() == LONGEST_MARK {
            return Ok(());
        }
        self.0.extend(part.iter().take(LONGEST_MARK - self.0.len()));
        match FOREIGN.iter().find(|(mark, _)| self.0.starts_with(mark)) {
            None => Ok(()),
            Some((_, what)) => {
                Err(Error::BadAnswer(format!("a file of the report is {what}, not plain CSV")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_a_tenth_longer_and_slower_than_announced_and_no_more() {
        let timeouts = Timeouts::default();
        let limits = |announced| FileLimits::new(announced, &timeouts);
        let small = limits(Some(100));
        assert!(small.check(110 + MIB).is_ok() && small.check(111 + MIB).is_err());
        assert_eq!(small.time, Duration::from_secs(15 * 60));
        // 2 GiB at 256 KiB a second.
        assert_eq!(limits(Some(2048 * MIB)).time, Duration::from_secs(15 * 60 + 8192));
        let unknown = limits(None);
        assert!(unknown.check(8 << 30).is_ok() && unknown.check((8 << 30) + 1).is_err());
        assert_eq!(unknown.time, timeouts.report);
        let absurd = limits(Some(u64::MAX));
        assert!(absurd.check(u64::MAX).is_ok() && absurd.time == LONGEST);
    }

    #[test]
    fn other_formats_are_known_by_their_first_bytes_however_they_arrive() {
        let said = |file: &[u8], size: usize| {
            let mut start = FileStart::default();
            file.chunks(size).find_map(|part| start.check(part).err()).map(|it| it.to_string())
        };
        for size in [1, 2, 3, 100] {
            for (file, what) in [
                (&b"\x1f\x8b\x08\x00rest"[..], "compressed"),
                (b"PK\x03\x04rest", "compressed"),
                (b"PAR1rest", "Parquet"),
            ] {
                let expected = format!("bad answer: a file of the report is {what}, not plain CSV");
                assert_eq!(said(file, size), Some(expected), "{size}");
            }
            for file in
                [&b"Date,Cost\n"[..], b"\xef\xbb\xbfDate,Cost\n", b"PART,PAR1\n", b"", b"\x1f"]
            {
                assert_eq!(said(file, size), None, "{file:?}");
            }
        }
    }
}
