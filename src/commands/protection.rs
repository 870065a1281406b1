//! Sets up the protection that the system offers, before the process reads any secret.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Sets up all of it. Must run in the runtime, which listens to signals.
///
/// # Errors
/// Returns an error if the system refuses.
pub(super) fn protect() -> io::Result<()> {
    dump_no_core()?;
    survive_the_file_size_limit()
}

/// Turns core dumps off, because memory contains tokens and secrets, and keeps other processes of
/// the same user from reading it. Root and `CAP_SYS_PTRACE` still can.
#[cfg(target_os = "linux")]
fn dump_no_core() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

#[cfg(not(target_os = "linux"))]
fn dump_no_core() -> io::Result<()> {
    Ok(())
}

/// Makes a write beyond `RLIMIT_FSIZE` an error, as a full disk is, and not the end of the process.
/// A listener is enough; ignoring the signal would also change it for programs that are started.
fn survive_the_file_size_limit() -> io::Result<()> {
    let number = rustix::process::Signal::XFSZ.as_raw();
    // The handler stays when the listener is dropped.
    signal(SignalKind::from_raw(number)).map(drop)
}
