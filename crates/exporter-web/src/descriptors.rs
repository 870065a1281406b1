//! Detects that no file descriptor is left. Each connection, file and look-up of a name takes one.
//! Without them all of these fail with misleading errors: a secret cannot be read, a name is not
//! known, there are no certificate authorities. So the system is asked directly.

use std::fs::File;

use rustix::io::Errno;

/// The advice for the user.
pub const REMEDY: &str = "let the exporter have more of them: LimitNOFILE= in its systemd unit, `ulimit -n` in a shell; each connection takes one";

/// Returns whether this process, or the system, has no file descriptor left at this moment.
pub fn are_used_up() -> bool {
    // Opening takes a descriptor before the path is looked up; this path always exists.
    File::open("/").is_err_and(|error| {
        matches!(Errno::from_io_error(&error), Some(Errno::MFILE | Errno::NFILE))
    })
}

/// Returns what went wrong; if descriptors are used up, adds that as the reason, and the remedy.
pub fn explain(what: String) -> String {
    if are_used_up() { format!("no file descriptors are left: {what}; {REMEDY}") } else { what }
}

/// Returns what to do about a file that cannot be used: [`REMEDY`] if descriptors are used up,
/// otherwise the usual advice.
pub fn remedy_or(usual: &'static str) -> &'static str {
    if are_used_up() { REMEDY } else { usual }
}
