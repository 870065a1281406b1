//! The man pages and shell completions in packages: made from the flags, and committed, so that the
//! program need not contain what makes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use azure_billing_exporter::cli::Cli;
use clap::CommandFactory;
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

use crate::{output, root};

const NAME: &str = "azure-billing-exporter";

/// The text of each file, by its path.
type Files = BTreeMap<String, String>;

fn made_from_the_flags() -> Files {
    let folder = tempfile::tempdir().expect("a folder");
    let [man, completions] = ["deploy/man", "deploy/completions"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir_all(&path).expect("a folder");
        path
    });
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        let page = Man::new(command.clone());
        fs::write(man.join(page.get_filename()), man_page(&page)).expect("room for a file");
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), NAME, &mut text);
        let text = String::from_utf8(text).expect("text");
        fs::write(completions.join(shell.file_name(NAME)), completions_of(&text))
            .expect("room for a file");
    }
    committed(folder.path())
}

/// Corrects the library's man pages: without a date, readers take the next field for it; and
/// examples must not be filled, nor be called "extra".
fn man_page(page: &Man) -> String {
    let mut text = Vec::new();
    page.render(&mut text).expect("room in memory");
    let text = String::from_utf8(text).expect("text");
    let title = text.lines().find(|line| line.starts_with(".TH ")).expect("a title");
    let name = page.get_filename().replace(".1", "");
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    let text = text.replacen(title, &format!(".TH {name} 1 \"\" \"{source}\" \"\""), 1);
    text.replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n")
        .replace(".SH VERSION\n", ".fi\n.SH VERSION\n")
}

/// Corrects the output of clap_complete 4.6.11: in bash it writes the hyphens of a program's name
/// in two ways, and finds no command's flags; fish allows no dots in the names that it knows
/// commands by.
fn completions_of(text: &str) -> String {
    text.replace("azure__subcmd__billing__subcmd__exporter", "azure__billing__exporter")
        .replace("string join \\n log.level= log.format= h/help", "string join \\n h/help")
        .replace("argparse -s (", "argparse -s -i (")
}

fn committed(root: &Path) -> Files {
    let mut files = Files::new();
    for folder in ["deploy/man", "deploy/completions"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder") {
            let entry = entry.expect("a file");
            let name = format!("{folder}/{}", entry.file_name().display());
            files.insert(name, fs::read_to_string(entry.path()).expect("text"));
        }
    }
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "who runs the test decides")]
fn man_pages_and_completions_are_those_of_the_flags() {
    let made = made_from_the_flags();
    assert!(made.len() > 8, "a page for each command, and three shells: {:?}", made.keys());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for name in committed(root()).keys().filter(|name| !made.contains_key(*name)) {
            fs::remove_file(root().join(name)).expect("a file that goes");
        }
        for (name, text) in &made {
            fs::write(root().join(name), text).expect("room for a file");
        }
    }
    let committed = committed(root());
    let stale: Vec<&String> = made
        .keys()
        .chain(committed.keys())
        .filter(|name| made.get(*name) != committed.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "not as the flags are: {stale:?}; run UPDATE_GOLDEN=1 cargo test --test packaging generated"
    );
}

/// Returns what bash offers at the end of a command line.
fn bash_offers(line: &[&str]) -> Vec<String> {
    let script = r#"source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _azure__billing__exporter "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let file = root().join("deploy/completions/azure-billing-exporter.bash");
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "bash"]).arg(file).arg(NAME).args(line);
    output(&mut bash).lines().map(str::to_owned).collect()
}

/// Returns what fish offers.
fn fish_offers(line: &[&str]) -> Vec<String> {
    let script = r#"source $argv[1]; complete -C "$argv[2..]""#;
    let home = tempfile::tempdir().expect("a folder");
    let file = root().join("deploy/completions/azure-billing-exporter.fish");
    let mut fish = Command::new("fish");
    fish.env("HOME", home.path()).current_dir(home.path());
    fish.args(["--no-config", "-c", script]).arg(file).arg(NAME).args(line);
    output(&mut fish)
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn shells_complete_commands_flags_and_values() {
    for offers in [bash_offers, fish_offers] {
        for (line, offered) in [
            (&["heal"][..], "healthcheck"),
            (&["serve", "--web.c"], "--web.config.file"),
            (&["serve", "--log.level", "de"], "debug"),
        ] {
            let offers = offers(line);
            assert_eq!(offers, [offered], "{line:?}");
        }
    }
}
