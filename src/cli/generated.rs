//! Shell completions and man pages, made of the commands and flags.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;

const NAME: &str = env!("CARGO_PKG_NAME");

/// Flags of `completions`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example, for bash:\n  azure-billing-exporter completions bash \
    > ~/.local/share/bash-completion/completions/azure-billing-exporter")]
pub struct CompletionsArgs {
    /// Shell that reads them
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// Folder to write them to; it is made if it is missing
    #[arg(long, value_name = "FOLDER")]
    pub output: PathBuf,
}

/// Returns the completions for a shell. Corrects the output of clap_complete 4.6.11: in bash it
/// writes the hyphens of a program's name in two ways, and finds no command's flags; fish allows no
/// dots in the names that it knows commands by.
pub fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut text);
    String::from_utf8_lossy(&text)
        .replace("azure__subcmd__billing__subcmd__exporter", "azure__billing__exporter")
        .replace("string join \\n log.level= log.format= h/help", "string join \\n h/help")
        .replace("argparse -s (", "argparse -s -i (")
}

/// Returns the man page of the program and of each command: its file name and its text.
pub fn man_pages() -> Vec<(String, String)> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(&program).chain(commands).map(|command| man_page(command.clone())).collect()
}

/// Corrects the library's man pages: without a date, readers take the next field for it; and
/// examples must not be filled, nor be called "extra".
fn man_page(command: clap::Command) -> (String, String) {
    let page = Man::new(command);
    let mut text = Vec::new();
    // Nothing fails that is written to memory.
    let _ = page.render(&mut text);
    let text = String::from_utf8_lossy(&text);
    let file_name = page.get_filename();
    let title = text.lines().find(|line| line.starts_with(".TH ")).unwrap_or_default();
    let name = file_name.trim_end_matches(".1");
    let source = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    let text = text.replacen(title, &format!(".TH {name} 1 \"\" \"{source}\" \"\""), 1);
    let text = text
        .replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n")
        .replace(".SH VERSION\n", ".fi\n.SH VERSION\n");
    (file_name, text)
}
