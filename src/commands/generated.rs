//! `completions` and `man`: what packages contain beside the program, made by the program itself.

use std::fs;
use std::io::{Write, stdout};

use anyhow::{Context, Result};

use crate::cli::{self, CompletionsArgs, ManArgs};

/// Prints the completions for a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<()> {
    let text = cli::completions(args.shell);
    stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// Writes the man pages into a folder.
pub(super) fn man(args: &ManArgs) -> Result<()> {
    let folder = &args.output;
    let cannot = || format!("cannot write to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    for (name, text) in cli::man_pages() {
        fs::write(folder.join(name), text).with_context(cannot)?;
    }
    Ok(())
}
