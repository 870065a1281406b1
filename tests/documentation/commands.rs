//! Commands as the documents show them: shells can read them, this program takes its flags, `make`
//! has the targets.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use azure_billing_exporter::cli::Cli;
use clap::{CommandFactory, Parser};

use crate::pages::{Page, pages, read};

const PROGRAM: &str = "azure-billing-exporter";

/// Flags of other programs that begin like those of this program.
const FOREIGN: &[&str] = &["--web.enable-remote-write-receiver"];

/// Returns the commands of a shell text, as words, without what is set or run around them.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in joined.lines() {
        // A quote may continue in the next line; such a line is not a command of this program.
        let words = shlex::split(line).unwrap_or_default();
        let parts = words.split(|word| ["|", "&&", "||", ";", "&"].contains(&word.as_str()));
        for part in parts {
            let around = |word: &&String| {
                let variable = word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                });
                variable || ["sudo", "exec", "nice"].contains(&word.as_str())
            };
            let words: Vec<String> = part.iter().skip_while(around).cloned().collect();
            if !words.is_empty() {
                commands.push(words);
            }
        }
    }
    commands
}

/// Returns the arguments for this program, if it is the one that is called.
fn arguments(words: &[String]) -> Option<&[String]> {
    let called = words[0].rsplit('/').next();
    if called == Some(PROGRAM) {
        return Some(&words[1..]);
    }
    let is_example = words.iter().any(|word| word == "--example");
    if words.starts_with(&["cargo".to_owned(), "run".to_owned()]) && !is_example {
        let after = words.iter().position(|word| word == "--")?;
        let is_other = words[..after].iter().any(|word| word == "--example");
        return (!is_other).then_some(&words[after + 1..]);
    }
    None
}

/// Removes `> file`, which is for the shell.
fn without_redirection(arguments: &[String]) -> &[String] {
    let end = arguments.iter().position(|word| word.starts_with('>') || word.starts_with("2>"));
    &arguments[..end.unwrap_or(arguments.len())]
}

fn understood(place: &str, arguments: &[String]) {
    let arguments = without_redirection(arguments);
    let words = [PROGRAM.to_owned()].into_iter().chain(arguments.iter().cloned());
    if let Err(error) = Cli::try_parse_from(words) {
        use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
        let asked = matches!(error.kind(), DisplayHelp | DisplayVersion);
        assert!(asked, "{place}: {arguments:?}: {error}");
    }
}

#[test]
fn every_command_of_this_program_that_is_shown_is_understood() {
    let mut found = 0;
    for page in pages() {
        for snippet in page.snippets().iter().filter(|snippet| snippet.language == "sh") {
            for words in commands(&snippet.text) {
                if let Some(arguments) = arguments(&words) {
                    understood(&snippet.place, arguments);
                    found += 1;
                }
            }
        }
    }
    assert!(found > 10, "{found} commands are too few to believe it");
}

#[test]
fn every_shell_text_can_be_read_by_a_shell() {
    for snippet in pages().iter().flat_map(Page::snippets) {
        assert_ne!(snippet.language, "bash", "{}: call it sh, as the others", snippet.place);
        if snippet.language == "sh" {
            let mut shell = Command::new("bash")
                .arg("-n")
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("bash");
            let mut input = shell.stdin.take().expect("a pipe");
            input.write_all(snippet.text.as_bytes()).expect("it reads");
            drop(input);
            let output = shell.wait_with_output().expect("it ends");
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{}: {complaint}", snippet.place);
        }
    }
}

#[test]
fn every_make_target_that_is_named_exists() {
    let makefile = read("Makefile");
    let exists = |target: &str| makefile.lines().any(|l| l.starts_with(&format!("{target}: ")));
    for page in pages() {
        let shown = page.snippets().into_iter().filter(|snippet| snippet.language == "sh");
        let shown = shown.map(|snippet| (snippet.place, snippet.text));
        for (place, text) in shown.chain(page.words()) {
            for words in commands(&text).iter().filter(|words| words[0] == "make") {
                for target in words[1..].iter().filter(|word| !word.contains('=')) {
                    assert!(exists(target), "{place}: there is no `make {target}`");
                }
            }
        }
    }
}

#[test]
fn every_test_bench_and_example_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for page in pages() {
        let shown = page.snippets().into_iter().filter(|snippet| snippet.language == "sh");
        let shown = shown.map(|snippet| (snippet.place, snippet.text));
        for (place, text) in shown.chain(page.words()) {
            for words in commands(&text).iter().filter(|words| words[0] == "cargo") {
                let package = words.windows(2).find(|pair| pair[0] == "-p");
                let root = package.map_or_else(|| root.into(), |p| root.join("crates").join(&p[1]));
                for pair in words.windows(2) {
                    let path = match pair[0].as_str() {
                        "--test" => format!("tests/{}/main.rs", pair[1]),
                        "--bench" => format!("benches/{}.rs", pair[1]),
                        "--example" => format!("examples/{}.rs", pair[1]),
                        _ => continue,
                    };
                    assert!(root.join(&path).exists(), "{place}: there is no {path}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 2, "{found} are too few to believe it");
}

/// Returns every long flag of the program.
fn flags() -> Vec<String> {
    let cli = Cli::command();
    let all = cli.get_subcommands().chain([&cli]).flat_map(clap::Command::get_arguments);
    let named = all.filter_map(clap::Arg::get_long).map(|name| format!("--{name}"));
    named.chain(["--help", "--version"].map(str::to_owned)).collect()
}

#[test]
fn every_flag_and_command_that_a_sentence_names_exists() {
    let flags = flags();
    let cli = Cli::command();
    let ours = ["--config.", "--log.", "--web.", "--remote-write"];
    for page in pages() {
        for (place, words) in page.words() {
            let called = words.starts_with(&format!("{PROGRAM} "));
            for word in words.split_whitespace() {
                let flag = word.split('=').next().expect("a first part");
                let is_ours = called || ours.iter().any(|start| flag.starts_with(start));
                if flag.starts_with("--") && is_ours && !FOREIGN.contains(&flag) {
                    assert!(flags.iter().any(|known| known == flag), "{place}: no {flag}");
                }
            }
            if called {
                let name = words.split_whitespace().nth(1).expect("a second word");
                let known = name.starts_with('-') || name.chars().all(char::is_uppercase);
                assert!(
                    known || cli.find_subcommand(name).is_some(),
                    "{place}: there is no command {name}"
                );
            }
        }
    }
}

#[test]
fn every_example_of_the_help_is_understood() {
    let cli = Cli::command();
    let mut found = 0;
    for command in cli.get_subcommands().chain([&cli]) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for words in commands(&help) {
            if let Some(arguments) = arguments(&words) {
                understood(command.get_name(), arguments);
                found += 1;
            }
        }
    }
    assert!(found >= 8, "{found} examples");
}

#[test]
fn commands_are_found_in_what_is_around_them() {
    let text = "export A=b\nA=… B='c d' sudo azure-billing-exporter check \\\n  --online | tee x\n\
                # azure-billing-exporter none\ncargo run --release -- demo   # words\n";
    let commands = commands(text);
    let of_program: Vec<&[String]> = commands.iter().filter_map(|c| arguments(c)).collect();
    assert_eq!(of_program, [["check", "--online"].as_slice(), ["demo"].as_slice()]);
}
