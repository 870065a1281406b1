//! `budgets`: limits that users set for their own costs.

use jiff::civil::{Date, date};
use strict_config::{At, Problems, Section, instead_of, nearest, one_of, shown};

use super::scope_id::scope_id;
use super::scopes::{Scope, name};
use crate::billing::amount::Amount;
use crate::billing::budget::{Budget, Grain, Only};
use crate::billing::caseless::same_name;
use crate::billing::scope::ScopeType;

/// A budget and the scope that it measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeBudget {
    /// The index of its scope in `Config::scopes`.
    pub scope: usize,
    /// The limit, and which charges count.
    pub budget: Budget,
}

/// The lists that budgets refer to. `None` where the list itself is wrong: an entry may then be
/// missing for that reason only, and is not reported.
pub(super) struct Known<'a> {
    pub(super) scopes: Option<&'a [Scope]>,
    pub(super) tags: Option<&'a [String]>,
}

/// The start of the months of a budget without `start`: before the first bill of Azure.
const FIRST_MONTH: Date = date(2014, 5, 1);

/// Reads the list.
pub(super) fn read(
    at: Option<At<'_>>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Vec<ScopeBudget> {
    let elements = at.map(|at| at.list(problems)).unwrap_or_default();
    let mut budgets: Vec<(&At<'_>, ScopeBudget)> = Vec::new();
    for element in &elements {
        let Some(new) = budget(element, known, problems) else { continue };
        let same = |(_, other): &&(_, ScopeBudget)| other.budget.name == new.budget.name;
        if let Some((first, _)) = budgets.iter().find(same) {
            let (name, path) = (shown(&new.budget.name), &first.path);
            let wrong = format!("the name {name} is already that of {path} (line {})", first.line);
            problems.at(element, format!("{wrong}; give each budget its own"));
        }
        budgets.push((element, new));
    }
    budgets.into_iter().map(|(_, budget)| budget).collect()
}

fn budget(at: &At<'_>, known: &Known<'_>, problems: &mut Problems) -> Option<ScopeBudget> {
    let section = at.section(problems)?;
    let name = required(&section, "name", "give a short word for the `budget` label", problems)
        .and_then(|at| at.parse(problems, name));
    let scope = scope(&section, known.scopes, problems);
    let why = "write what one month, quarter or year may cost, for example 9000";
    let amount = required(&section, "amount", why, problems)
        .and_then(|at| at.parse_number(problems, amount));
    let why = "costs in other currencies do not count; write its three letters, for example USD";
    let currency =
        required(&section, "currency", why, problems).and_then(|at| at.parse(problems, currency));
    let grain = match section.get("grain") {
        Some(at) => at.parse(problems, |word| one_of(word, &Grain::ALL, Grain::as_str)),
        None => Some(Grain::Month),
    };
    let start = start(&section, grain, problems);
    let only = match section.get("only") {
        Some(at) => only(&at, known.tags, problems),
        None => Some(Only::All),
    };
    let budget = Budget {
        name: name?,
        amount: amount?,
        currency: currency?,
        grain: grain?,
        start: start?,
        only: only?,
    };
    Some(ScopeBudget { scope: scope?, budget })
}

fn required<'a>(
    section: &Section<'a>,
    key: &str,
    why: &str,
    problems: &mut Problems,
) -> Option<At<'a>> {
    let at = section.get(key);
    if at.is_none() {
        section.missing(key, why, problems);
    }
    at
}

fn scope(
    section: &Section<'_>,
    scopes: Option<&[Scope]>,
    problems: &mut Problems,
) -> Option<usize> {
    let given = section.get("scope");
    let labels: Vec<&str> = scopes?.iter().map(|scope| scope.label.as_str()).collect();
    let Some(at) = given else {
        if labels.len() > 1 {
            let why = format!("there are several; use one of {}", labels.join(", "));
            section.missing("scope", &why, problems);
            return None;
        }
        return Some(0);
    };
    at.parse(problems, |label| {
        let found = labels.iter().position(|known| *known == label);
        found.ok_or_else(|| {
            let remedy = instead_of(label, &labels);
            format!("{} is not the name of a scope; {remedy}", shown(label))
        })
    })
}

fn amount(text: &str) -> Result<Amount, String> {
    match Amount::parse(text) {
        Ok(parsed) if parsed.amount > Amount::ZERO && !parsed.rounded => Ok(parsed.amount),
        _ => {
            let remedy = "write a positive number such as 9000 or 9000.50";
            Err(format!("{} is not an amount; {remedy}", shown(text)))
        }
    }
}

fn currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    let remedy = "write its three letters, for example USD";
    Err(format!("{} is not a currency; {remedy}", shown(text)))
}

/// Returns when the first grain begins. A month needs no start, because billing periods are months.
fn start(section: &Section<'_>, grain: Option<Grain>, problems: &mut Problems) -> Option<Date> {
    if let Some(at) = section.get("start") {
        return at.parse(problems, first_of_month);
    }
    let grain = grain?;
    if grain == Grain::Month {
        return Some(FIRST_MONTH);
    }
    let grain = grain.as_str();
    let why = format!("write the day the first {grain} begins, for example 2026-07-01");
    section.missing("start", &why, problems);
    None
}

fn first_of_month(text: &str) -> Result<Date, String> {
    match text.parse::<Date>() {
        Ok(day) if day.to_string() == text && day.day() == 1 => Ok(day),
        Ok(day) if day.to_string() == text => {
            let first = day.first_of_month();
            Err(format!("{text} is not the first of a month, where bills begin; use {first}"))
        }
        _ => {
            let form = "write YYYY-MM-DD, for example 2026-07-01";
            Err(format!("{} is not a date; {form}", shown(text)))
        }
    }
}

/// The keys that choose the part of a scope that counts.
const PARTS: [&str; 5] = ["department", "account", "subscription", "service", "tag"];

fn only(at: &At<'_>, tags: Option<&[String]>, problems: &mut Problems) -> Option<Only> {
    let before = problems.count();
    let section = at.section(problems)?;
    let given: Vec<_> = PARTS.iter().filter_map(|key| Some((*key, section.get(key)?))).collect();
    let (key, value) = match given.as_slice() {
        [one] => one,
        [(first, _), (second, _), ..] => {
            problems.at(at, format!("has both `{first}` and `{second}`; keep one"));
            return None;
        }
        // An unknown key has been reported.
        [] if problems.count() > before => return None,
        // If all charges counted then, a filter that was commented out would go unnoticed.
        [] => {
            let all = PARTS.join(", ");
            problems.at(at, format!("does not say what counts; add one of {all}, or remove it"));
            return None;
        }
    };
    match *key {
        "department" => value.parse(problems, entity).map(Only::Department),
        "account" => value.parse(problems, entity).map(Only::Account),
        "subscription" => {
            let id = |text: &str| scope_id(ScopeType::Subscription, text);
            value.parse(problems, id).map(Only::Subscription)
        }
        "service" => value.parse(problems, entity).map(Only::Service),
        _ => tag(value, tags, problems),
    }
}

fn entity(text: &str) -> Result<String, String> {
    if text.is_empty() || text.trim() != text {
        return Err("must not be empty, begin or end with a blank; give its name".to_owned());
    }
    Ok(text.to_owned())
}

/// Parses one value of a tag. The empty value stands for charges without the tag.
fn tag(at: &At<'_>, tags: Option<&[String]>, problems: &mut Problems) -> Option<Only> {
    let (key, value) = at.only_entry(problems)?;
    let value = value.text(problems).map(str::to_owned);
    let tags = tags?;
    let Some(key) = tags.iter().find(|tag| same_name(tag, key)) else {
        let names: Vec<&str> = tags.iter().map(String::as_str).collect();
        let remedy = match nearest(key, &names) {
            Some(near) => format!("did you mean `{near}`? Otherwise add it there"),
            None => "add it there".to_owned(),
        };
        problems.at(at, format!("{} is not in `metrics.tags.keys`; {remedy}", shown(key)));
        return None;
    };
    Some(Only::Tag { key: key.clone(), value: value? })
}
