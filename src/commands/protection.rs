//! What the process asks of the system for its own protection, before it reads any secret.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Asks for all of it. In the runtime, which listens to signals.
///
/// # Errors
/// When the system refuses.
pub(super) fn protect() -> io::Result<()> {
    dump_no_core()?;
    survive_the_file_size_limit()
}

/// Turns core dumps off, because memory holds tokens and secrets, and keeps other processes of the same user
/// out of it. Root and `CAP_SYS_PTRACE` still get in.
#[cfg(target_os = "linux")]
fn dump_no_core() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

#[cfg(not(target_os = "linux"))]
fn dump_no_core() -> io::Result<()> {
    Ok(())
}

/// Makes a write beyond `RLIMIT_FSIZE` an error as on a full disk, which is survived, and not the end of the
/// process. To listen is enough, and unlike ignoring it says nothing to programs that are started.
fn survive_the_file_size_limit() -> io::Result<()> {
    let number = rustix::process::Signal::XFSZ.as_raw();
    // The handler stays when the listener goes.
    signal(SignalKind::from_raw(number)).map(drop)
}
