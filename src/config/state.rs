//! `state`: where days are stored across restarts.

use std::path::{Path, PathBuf};

use strict_config::{At, Problems};

/// Reads the section and returns the path of the file, if there is one. A relative one starts at
/// `directory`.
pub(super) fn read(
    at: Option<At<'_>>,
    directory: &Path,
    problems: &mut Problems,
) -> Option<PathBuf> {
    let section = at?.section(problems)?;
    let at = section.get("path")?;
    let path = at.parse(problems, |text| path(text, directory))?;
    // A warning and not an error: a file may be checked on another machine than the one that uses
    // it.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        let folder = folder.display();
        let wrong = format!(
            "is in a directory that does not exist here, {folder}; create it, for the user that runs serve"
        );
        problems.warn_at(&at, wrong);
    }
    Some(path)
}

fn path(text: &str, directory: &Path) -> Result<PathBuf, String> {
    let path = directory.join(text);
    if text.is_empty() || text.ends_with('/') || path.is_dir() {
        return Err(
            "must name a file, not a directory; write for example /var/lib/azure-billing-exporter/state.redb"
                .to_owned(),
        );
    }
    Ok(path)
}
