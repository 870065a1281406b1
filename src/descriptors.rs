//! File descriptors, which each connection, file and look-up of a name takes one of. Without them all of
//! these fail in their own words: a secret cannot be read, a name is not known, there are no certificate
//! authorities. So the system is asked.

use std::fs::File;

use rustix::io::Errno;

/// Says what to do about it.
pub const REMEDY: &str = "let the exporter have more of them: LimitNOFILE= in its systemd unit, `ulimit -n` in a shell; each connection takes one";

/// Returns whether this process, or the system, has no file descriptor left at this moment.
pub fn are_used_up() -> bool {
    // A descriptor is taken before the path is looked at; this one is always there.
    File::open("/").is_err_and(|error| {
        matches!(Errno::from_io_error(&error), Some(Errno::MFILE | Errno::NFILE))
    })
}

/// Returns what went wrong, and where descriptors are used up, that it is for want of them, with the remedy.
pub fn explain(what: String) -> String {
    if are_used_up() { format!("no file descriptors are left: {what}; {REMEDY}") } else { what }
}

/// Returns what to do about a file that cannot be used: the remedy that fits where descriptors are used up.
pub fn remedy_or(usual: &'static str) -> &'static str {
    if are_used_up() { REMEDY } else { usual }
}
