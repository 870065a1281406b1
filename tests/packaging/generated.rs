//! The man pages and shell completions in packages: written by the program, as at packaging.

use std::fs;
use std::path::Path;
use std::process::Command;

use azure_billing_exporter::cli::Cli;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use tempfile::TempDir;

use crate::process::program;
use crate::{output, root};

const NAME: &str = "azure-billing-exporter";

/// Returns a folder with what packages contain of the program's flags.
pub(crate) fn package_files() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut script = Command::new(root().join("scripts/package-files"));
    output(script.arg(program().get_program()).arg(folder.path()));
    folder
}

#[test]
fn every_command_has_a_man_page_that_can_be_formatted() {
    let folder = package_files();
    let man = folder.path().join("man");
    let commands = Cli::command();
    let shown = commands.get_subcommands().filter(|command| !command.is_hide_set());
    let mut expected: Vec<String> =
        shown.map(|command| format!("{NAME}-{}.1", command.get_name())).collect();
    expected.push(format!("{NAME}.1"));
    expected.sort();
    let entries = fs::read_dir(&man).expect("a folder").flatten();
    let mut written: Vec<String> =
        entries.map(|entry| entry.file_name().display().to_string()).collect();
    written.sort();
    assert_eq!(written, expected);
    for page in &written {
        let text = fs::read_to_string(man.join(page)).expect("text");
        let title = format!(".TH {} 1 \"\" \"{NAME} ", page.trim_end_matches(".1"));
        assert!(text.lines().any(|line| line.starts_with(&title)), "{page}:\n{text}");
        assert!(!text.contains(".SH EXTRA"), "{page}:\n{text}");
    }
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let folder = package_files();
    for (shell, file) in
        [("bash", "azure-billing-exporter.bash"), ("fish", "azure-billing-exporter.fish")]
    {
        let file = folder.path().join("completions").join(file);
        assert_eq!(output(Command::new(shell).arg("-n").arg(&file)), "", "{shell}");
    }
    for shell in Shell::value_variants() {
        let text = output(program().args(["completions", &shell.to_string()]));
        assert!(text.contains("healthcheck"), "{shell}:\n{text}");
    }
}

/// Returns what bash offers at the end of a command line.
fn bash_offers(completions: &Path, line: &[&str]) -> Vec<String> {
    let script = r#"source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _azure__billing__exporter "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let file = completions.join("azure-billing-exporter.bash");
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "bash"]).arg(file).arg(NAME).args(line);
    output(&mut bash).lines().map(str::to_owned).collect()
}

/// Returns what fish offers.
fn fish_offers(completions: &Path, line: &[&str]) -> Vec<String> {
    let script = r#"source $argv[1]; complete -C "$argv[2..]""#;
    let home = tempfile::tempdir().expect("a folder");
    let file = completions.join("azure-billing-exporter.fish");
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
    let folder = package_files();
    let completions = folder.path().join("completions");
    for offers in [bash_offers, fish_offers] {
        for (line, offered) in [
            (&["heal"][..], "healthcheck"),
            (&["serve", "--web.c"], "--web.config.file"),
            (&["serve", "--log.level", "de"], "debug"),
        ] {
            let offers = offers(&completions, line);
            assert_eq!(offers, [offered], "{line:?}");
        }
    }
}
