//! Files that contain secrets and that every user of the machine can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The warning for a shared secret file, with the remedy for an ordinary machine and for
/// Kubernetes.
pub const SHARED: &str = "can be read by every user of this machine; chmod it to 600 \
     (in Kubernetes, set defaultMode: 0400 on the volume)";

/// Returns whether every user can read a file: by its own mode, and by those of the folders above
/// it.
pub fn is_shared(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let allows = |path: &Path, bit| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & bit != 0)
    };
    allows(&path, 0o004) && path.ancestors().skip(1).all(|directory| allows(directory, 0o001))
}
