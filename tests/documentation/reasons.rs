//! `docs/troubleshooting.md` has a remedy for each reason, and for each message of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use azure_billing_exporter::azure::Error;
use azure_billing_exporter::billing::charge::Degradation;
use azure_billing_exporter::status::{FailureReason, Ignored, PollPart};

use crate::pages::read;

const PAGE: &str = "docs/troubleshooting.md";

/// The macros and the attribute that write messages for the user.
const TELLERS: [&str; 4] = ["warn!(", "error!(", "bail!(", "#[error("];

/// Modules whose messages are shown with a key or a flag, each complete by itself; those that
/// become part of `bad answer: …`; and the parts of others.
const COMPLETE: [&str; 5] =
    ["src/config/", "src/billing/", "src/decode/", "src/azure/next_link.rs", "src/fuzzing/"];

/// Messages that cannot occur, because clap refuses their cause before.
const UNREACHABLE: [&str; 2] = ["no target", "no configuration"];

/// Returns the words of the first column of the table that follows a sentence.
fn listed(after: &str) -> BTreeSet<String> {
    let page = read(PAGE);
    let (_, rest) = page.split_once(after).unwrap_or_else(|| panic!("{PAGE} lacks {after:?}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.split('`').nth(1).expect("a word in type").to_owned()).collect()
}

#[test]
fn every_reason_for_a_failed_poll_has_a_remedy_and_a_section() {
    let reasons: BTreeSet<String> =
        FailureReason::ALL.iter().map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(listed("The `reason` of `azure_billing_poll_failures_total`:"), reasons);
    let page = read(PAGE);
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("### ")).collect();
    for reason in reasons {
        let named = format!("`{reason}`");
        assert!(headings.iter().any(|heading| heading.contains(&named)), "no section {reason}");
    }
}

#[test]
fn every_reason_to_leave_a_row_out_is_explained() {
    let reasons = Ignored::default().by_reason().map(|(reason, _)| reason.to_owned());
    let reasons = BTreeSet::from(reasons);
    assert_eq!(listed("The `reason` of `azure_billing_rows_ignored_total`:"), reasons);
}

#[test]
fn every_way_in_which_a_row_is_not_whole_is_explained_here_and_in_the_runbook_of_its_alert() {
    let reasons: BTreeSet<String> =
        Degradation::ALL.iter().map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(listed("The `reason` of `azure_billing_degraded_rows`"), reasons);
    let runbook = read("docs/runbooks/AzureBillingDegradedRows.md");
    let alerts = read("deploy/prometheus/rules/alerts.yml");
    for reason in reasons {
        assert!(runbook.contains(&format!("\n- `{reason}`:")), "the runbook lacks {reason}");
        assert!(
            alerts.contains(&format!("eq $labels.reason \"{reason}\"")),
            "the alert lacks {reason}"
        );
    }
}

#[test]
fn every_part_of_a_poll_is_explained_where_it_is_a_metric_and_where_it_is_an_alert() {
    let metrics = read("docs/metrics.md");
    let runbook = read("docs/runbooks/AzureBillingPollPartFailing.md");
    let row = metrics.lines().find(|line| line.contains("`azure_billing_poll_part_success` |"));
    let row = row.expect("its row");
    for part in PollPart::ALL {
        let named = format!("`{}`:", part.as_str());
        assert!(row.contains(&named), "docs/metrics.md lacks {named}");
        assert!(part == PollPart::Open || runbook.contains(&named), "the runbook lacks {named}");
    }
}

#[test]
fn every_way_a_reading_fails_is_named_as_the_log_names_it() {
    let text = String::new;
    let errors = [
        Error::Auth(text()),
        Error::Forbidden(text()),
        Error::HiddenCharges(text()),
        Error::NoCharges(text()),
        Error::NotFound(text()),
        Error::Throttled(text()),
        Error::Unavailable(text()),
        Error::NoDescriptors(text()),
        Error::Timeout(text()),
        Error::Unsupported(text()),
        Error::ReportFailed(text()),
        Error::ReportFile(text()),
        Error::BadAnswer(text()),
    ];
    let page = read(PAGE);
    for error in errors {
        let said = format!("`{error}…");
        assert!(page.contains(&said), "{PAGE} lacks {said}");
    }
    assert!(page.contains("`more than … pages`"), "{}", Error::TooLong(1));
}

/// Returns the first words of a message, up to its first variable part.
fn constant_part(message: &str) -> &str {
    let parts = message.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    let mut parts = parts
        .flat_map(|part| part.split([';', ':', ',', '\\']))
        .map(|part| part.trim_matches(['.', ' ']));
    let words = parts.clone().find(|part| part.contains(' '));
    words.or_else(|| parts.find(|part| !part.is_empty())).expect("a word")
}

/// Returns the first text in quotes of a call, which may span lines.
fn message(call: &str) -> Option<&str> {
    let end = call.find(");").or(call.find(")]")).unwrap_or(call.len());
    let mut quoted = call[..end].split('"').skip(1).step_by(2);
    quoted.find(|text| text.contains(' '))
}

fn messages(folder: &Path, name: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{name}/{}", entry.file_name().display());
        if COMPLETE.iter().any(|complete| format!("{path}/").starts_with(complete)) {
            continue;
        }
        if entry.path().is_dir() {
            messages(&entry.path(), &path, found);
        } else {
            let text = fs::read_to_string(entry.path()).expect("text");
            let code = text.split("#[cfg(test)]").next().expect("a first part");
            for teller in TELLERS {
                let calls = code.split(teller).skip(1);
                let told = calls.filter_map(message).map(constant_part);
                found.extend(told.map(|told| (path.clone(), told.to_owned())));
            }
        }
    }
}

#[test]
fn every_message_of_the_log_and_of_commands_is_explained() {
    let mut found = Vec::new();
    for sources in ["src", "crates/exporter-web/src", "crates/strict-config/src"] {
        messages(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), sources, &mut found);
    }
    assert!(found.len() > 30, "{} messages are too few to believe it", found.len());
    let page = read(PAGE);
    let unexplained: Vec<String> = found
        .into_iter()
        .filter(|(_, told)| !UNREACHABLE.contains(&told.as_str()) && !page.contains(told.as_str()))
        .map(|(path, told)| format!("{path}: {told}"))
        .collect();
    assert!(unexplained.is_empty(), "not in {PAGE}:\n{}", unexplained.join("\n"));
}

#[test]
fn the_constant_part_of_a_message_is_found() {
    let call = "scope = x, \"{one}: poll failed, costs stay: {what}\", 1); other(\"a b\")";
    assert_eq!(message(call).map(constant_part), Some("poll failed"));
    assert_eq!(constant_part("trying {this} again"), "trying");
    assert_eq!(message("%a, \"word\");\n\"not of it\""), None);
}
