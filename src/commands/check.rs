//! `check`: reports whether the configuration is valid and, with `--online`, whether Azure gives
//! access.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::ToSpan;
use tokio::task::JoinHandle;

use super::wiring;
use crate::azure::{Client, Error};
use crate::billing::budget::Budget;
use crate::billing::daily_sums::TagKeys;
use crate::billing::period::{DayRange, day_of};
use crate::cli::CheckArgs;
use crate::config::{Config, Scope, ScopeBudget};
use crate::metrics::{BuildFlags, LogLines};
use crate::source::{Access, ChargesShown, Probe, probe};

/// The number of newest days that are read: the source lags by one to three, and a new month has
/// none.
const DAYS: i32 = 7;

/// Returns whether every scope can be read.
pub(super) async fn run(args: &CheckArgs, config: &Config, log: &Arc<LogLines>) -> Result<bool> {
    let identity = config.azure.auth.describe();
    let endpoint = &config.azure.endpoint;
    say(&format!("{}identity: {identity}\nendpoint: {endpoint}\n", valid(config, args.online)))?;
    if !args.online {
        say("Azure was not contacted; --online checks whether it gives access\n")?;
        return Ok(true);
    }
    let context = wiring::context(config, BuildFlags { demo: false, process: false }, log)?;
    say("\n")?;
    let today = day_of(context.clock.now());
    let days = DayRange { first: today.saturating_sub((DAYS - 1).days()), last: today };
    let table = Table::of(config);
    say(&table.head())?;
    let mut all = true;
    for (index, asked) in
        ask_all(config, &context.client, days, args.timeout).into_iter().enumerate()
    {
        let label = &config.scopes[index].label;
        let Some(asked) = asked else {
            all = false;
            say(&format!(
                "{}  {}\n",
                table.row(label, &NOT_ASKED),
                not_asked(config, index, args.timeout)
            ))?;
            continue;
        };
        let probed =
            asked.await.context("a request to Azure ended because of a bug, please report this")?;
        all &= probed.is_ok();
        say(&table.row(label, &Findings::of(&probed)))?;
        for note in notes(config, index, &probed) {
            say(&format!("  {note}\n"))?;
        }
    }
    Ok(all)
}

/// Requests all scopes at the same time, so that one without an answer delays no other. `None` for
/// those whose turn in the quota comes too late.
fn ask_all(
    config: &Config,
    client: &Arc<Client>,
    days: DayRange,
    longest: Duration,
) -> Vec<Option<JoinHandle<Result<Probe, Error>>>> {
    let ask = |(index, scope): (usize, &Scope)| {
        let in_time = turn_of(config, index) < longest;
        let (client, scope) = (client.clone(), scope.clone());
        in_time.then(|| {
            tokio::spawn(async move {
                let no_tags = TagKeys::default();
                let access = Access::new(&client, &scope.id, &no_tags);
                probe(&access, days, scope.charges_are_free, longest).await
            })
        })
    };
    config.scopes.iter().enumerate().map(ask).collect()
}

/// Returns how long after the start a scope can be read: its type has some calls a minute.
fn turn_of(config: &Config, index: usize) -> Duration {
    const MINUTE: Duration = Duration::from_secs(60);
    let kind = config.scopes[index].id.scope_type;
    let before = config.scopes[..index].iter().filter(|scope| scope.id.scope_type == kind).count();
    let calls = config.azure.requests_per_minute.of(kind);
    MINUTE.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX) / calls)
}

fn not_asked(config: &Config, index: usize, longest: Duration) -> String {
    let kind = config.scopes[index].id.scope_type;
    let calls = config.azure.requests_per_minute.of(kind);
    let of_kind = config.scopes.iter().rposition(|scope| scope.id.scope_type == kind);
    let needed = turn_of(config, of_kind.unwrap_or(index)) + Duration::from_secs(30);
    format!(
        "-> no request within {} s: azure.requests_per_minute allows {calls} a minute for the type {}; --timeout {}s is enough for all of them",
        longest.as_secs(),
        kind.as_str(),
        needed.as_secs(),
    )
}

fn valid(config: &Config, online: bool) -> String {
    let scopes = config.scopes.len();
    let mut text =
        format!("configuration: valid, {scopes} scope{}\n", if scopes == 1 { "" } else { "s" });
    if !online {
        for scope in &config.scopes {
            text.push_str(&format!("  {} ({})\n", scope.label, scope.id));
        }
    }
    for warning in &config.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text
}

/// The result for a scope, in the order of the steps: after the first that failed, nothing is
/// known.
struct Findings {
    token: &'static str,
    permission: &'static str,
    newest_day: Cow<'static, str>,
    rows: Cow<'static, str>,
}

const UNKNOWN: &str = "-";

const NOT_ASKED: Findings = Findings {
    token: UNKNOWN,
    permission: "not asked",
    newest_day: Cow::Borrowed(UNKNOWN),
    rows: Cow::Borrowed(UNKNOWN),
};

impl Findings {
    fn of(probed: &Result<Probe, Error>) -> Self {
        let (token, permission) = match probed {
            Ok(_) => ("ok", "ok"),
            Err(Error::Auth(_)) => ("failed", UNKNOWN),
            Err(Error::NoDescriptors(_)) => (UNKNOWN, UNKNOWN),
            Err(Error::Forbidden(_)) => ("ok", "denied"),
            Err(Error::HiddenCharges(_) | Error::NoCharges(_)) => ("ok", "no charges"),
            Err(Error::NotFound(_)) => ("ok", "no such scope"),
            Err(Error::Throttled(_)) => ("ok", "throttled"),
            Err(
                Error::Unavailable(_)
                | Error::Timeout(_)
                | Error::Unsupported(_)
                | Error::TooLong(_)
                | Error::ReportFailed(_)
                | Error::ReportFile(_)
                | Error::BadAnswer(_),
            ) => ("ok", UNKNOWN),
        };
        // A full page may end before the newest day.
        let more = if matches!(probed, Ok(Probe { more: true, .. })) { "+" } else { "" };
        let (newest_day, rows) = match probed {
            Ok(Probe { newest: Some(day), rows, .. }) => {
                (format!("{day}{more}").into(), format!("{rows}{more}").into())
            }
            Ok(Probe { rows, .. }) => ("none".into(), format!("{rows}{more}").into()),
            Err(_) => (UNKNOWN.into(), UNKNOWN.into()),
        };
        Self { token, permission, newest_day, rows }
    }
}

/// A table whose column widths are known before its lines, so that a line is printed as soon as its
/// scope has answered.
struct Table {
    scope: usize,
}

impl Table {
    fn of(config: &Config) -> Self {
        let lengths = config.scopes.iter().map(|scope| scope.label.chars().count());
        Self { scope: lengths.max().unwrap_or(0).max("SCOPE".len()) }
    }

    fn head(&self) -> String {
        let days = format!("ROWS ({DAYS} DAYS)");
        self.line("SCOPE", "TOKEN", "PERMISSION", "NEWEST DAY", &days)
    }

    fn row(&self, scope: &str, found: &Findings) -> String {
        self.line(scope, found.token, found.permission, &found.newest_day, &found.rows)
    }

    fn line(&self, scope: &str, token: &str, permission: &str, day: &str, rows: &str) -> String {
        let width = self.scope;
        format!("{scope:width$}  {token:6}  {permission:13}  {day:11}  {rows}\n")
    }
}

/// Returns the lines below a scope: why it failed and what to do, or what is unusual about it.
fn notes(config: &Config, scope: usize, probed: &Result<Probe, Error>) -> Vec<String> {
    match probed {
        Err(error) => vec![error.to_string(), format!("-> {}", error.remedy())],
        Ok(probe) if probe.newest.is_none() => vec![format!(
            "-> no usage in the last {DAYS} days; a new enrollment takes up to two days, else check the id of the scope"
        )],
        Ok(probe) => {
            let mut notes = foreign_budgets(config, scope, &probe.currencies);
            notes.extend(unseen_charges(probe.charges));
            notes
        }
    }
}

/// Returns a note if the rows do not show whether charges are hidden.
fn unseen_charges(charges: ChargesShown) -> Option<String> {
    match charges {
        ChargesShown::Yes => None,
        ChargesShown::TooFewRows(rows) => Some(format!(
            "-> all {rows} rows of usage cost 0: too few to know whether charges are hidden; serve checks the whole month"
        )),
        ChargesShown::Unpriced(rows) => Some(format!(
            "-> warning: {rows} rows of usage cost 0 and name no price, charges may be hidden; ask an enterprise administrator to turn on \"view charges\", or set `charges: free` on the scope if it costs nothing"
        )),
    }
}

/// Returns a warning for each budget in a currency that the scope is not billed in. It is probably
/// a mistake, and would otherwise look like a budget that is never spent.
fn foreign_budgets(config: &Config, scope: usize, billed: &BTreeSet<String>) -> Vec<String> {
    let of_scope = config.budgets.iter().filter(|budget| budget.scope == scope);
    let foreign = of_scope.filter(|of_scope| !billed.contains(&of_scope.budget.currency));
    /// The most currencies that are listed. Real scopes have one or two.
    const SHOWN: usize = 5;
    let more = if billed.len() > SHOWN { " and others" } else { "" };
    let shown = billed.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>();
    let billed = format!("{}{more}", shown.join(", "));
    let warning = |of_scope: &ScopeBudget| {
        let Budget { name, currency, .. } = &of_scope.budget;
        format!(
            "-> warning: budget `{name}` is in {currency}, and the scope is billed in {billed}; check budgets[].currency"
        )
    };
    foreign.map(warning).collect()
}

/// Writes at once, because a scope can wait a minute for its turn. `println!` would panic if nobody
/// reads.
fn say(text: &str) -> Result<()> {
    let mut output = stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
