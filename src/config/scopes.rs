//! `scopes` and `--scope`: which scopes are read.

use strict_config::{At, Place, Problems, instead_of, one_of, shown, trimmed};

use super::scope_id::{ResourcePath, instead, is_id, scope_id};
use crate::billing::scope::{CostType, ScopeId, ScopeType};

/// A scope to poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The id that its data is stored under, whatever its label.
    pub id: ScopeId,
    /// The value of its `scope` label: the configured name, or the id as text. Unique.
    pub label: String,
    /// The API that it is read by.
    pub read: Read,
    /// True if rows count that only move costs between scopes. Only reports have such rows.
    pub cost_allocation: bool,
    /// True if the scope really costs nothing, so that zeros are not taken for hidden charges.
    pub charges_are_free: bool,
    /// The billing account that the scope belongs to, for scopes whose rows do not name it.
    pub enrollment: Option<String>,
}

/// The API that a scope is read by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Read {
    /// The list if it is short, the report if the list would take hundreds of calls.
    #[default]
    Auto,
    /// The list of usage details.
    UsageDetails,
    /// The asynchronous cost details report.
    CostDetails,
}

impl Read {
    const ALL: [Self; 3] = [Self::Auto, Self::UsageDetails, Self::CostDetails];

    /// Returns the spelling of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::UsageDetails => "usage_details",
            Self::CostDetails => "cost_details",
        }
    }
}

impl Scope {
    /// Returns a scope with its id as label and defaults for the rest.
    pub fn new(id: ScopeId) -> Self {
        let label = id.to_string();
        Self {
            id,
            label,
            read: Read::default(),
            cost_allocation: false,
            charges_are_free: false,
            enrollment: None,
        }
    }
}

/// The two cost types, which differ in how reservations count.
const COST_TYPES: [CostType; 2] = [CostType::Actual, CostType::Amortized];

/// The maximum length of a label: longer ones are mistakes, and every series repeats them.
const LONGEST_NAME: usize = 100;

/// Reads the list.
pub(super) fn read(at: Option<At<'_>>, problems: &mut Problems) -> Vec<Scope> {
    let before = problems.count();
    let line = at.as_ref().map(|at| at.line);
    let elements = at.map(|at| at.list(problems)).unwrap_or_default();
    if elements.is_empty() && problems.count() == before {
        let remedy = "add an element, for example `- department: \"1234\"`";
        problems.in_document(line, format!("scopes: there is nothing to read; {remedy}"));
    }
    let mut scopes: Vec<(Place, Scope)> = Vec::new();
    for element in elements {
        let place = (*element).clone();
        let Some(scope) = scope(&element, problems) else { continue };
        if let Some((first, what, remedy)) = clash(&scopes, &scope) {
            let wrong = format!("{what} {} (line {}); {remedy}", first.path, first.line);
            problems.at(&element, wrong);
        }
        scopes.push((place, scope));
    }
    scopes.into_iter().map(|(_, scope)| scope).collect()
}

/// Returns an earlier scope that excludes a new one, why it does, and what to do.
fn clash<'a>(
    earlier: &'a [(Place, Scope)],
    scope: &Scope,
) -> Option<(&'a Place, String, &'static str)> {
    let (place, other) =
        earlier.iter().find(|(_, other)| other.id == scope.id || other.label == scope.label)?;
    Some(if other.id == scope.id {
        let what = format!("`{}` is the same scope as", scope.id);
        (place, what, "remove one, or give it the other `cost`")
    } else {
        let what = format!("the name {} is already that of", shown(&scope.label));
        (place, what, "give one of them another `name`")
    })
}

fn scope(at: &At<'_>, problems: &mut Problems) -> Option<Scope> {
    let section = at.section(problems)?;
    let given = |scope_type: ScopeType| Some((scope_type, section.get(scope_type.as_str())?));
    let given: Vec<_> = ScopeType::ALL.into_iter().filter_map(given).collect();
    let name = match section.get("name") {
        Some(at) => at.parse(problems, name).map(Some),
        None => Some(None),
    };
    let cost = match section.get("cost") {
        Some(at) => at.parse(problems, cost_type),
        None => Some(CostType::Actual),
    };
    let cost_allocation = match section.get("cost_allocation") {
        Some(at) => at.parse(problems, |word| one_of(word, &ALLOCATIONS, |(word, _)| word)),
        None => Some(ALLOCATIONS[0]),
    };
    let read = match section.get("read") {
        Some(at) => at.parse(problems, |word| one_of(word, &Read::ALL, Read::as_str)),
        None => Some(Read::default()),
    };
    let charges = match section.get("charges") {
        Some(at) => at.parse(problems, |word| one_of(word, &CHARGES, |(word, _)| word)),
        None => Some(CHARGES[0]),
    };
    let enrollment = section.get("enrollment");
    let (scope_type, id) = identity(at, &given, problems)?;
    let enrollment = enrollment_of(scope_type, enrollment, problems)?;
    let scope = Scope::new(ScopeId { scope_type, id, cost: cost? });
    let (read, (_, cost_allocation), (_, charges_are_free)) = (read?, cost_allocation?, charges?);
    if cost_allocation && read != Read::CostDetails {
        let wrong = "`include` needs `read: cost_details` beside it: only reports have these rows";
        section.get("cost_allocation").inspect(|at| problems.at(at, wrong));
        return None;
    }
    let label = name?.unwrap_or(scope.label);
    Some(Scope { label, read, cost_allocation, charges_are_free, enrollment, ..scope })
}

/// The words of the configuration for whether the scope is free: true if it really costs nothing.
const CHARGES: [(&str, bool); 2] = [("visible", false), ("free", true)];

/// Reads the billing account that a scope lies in. The outer `None` is a mistake that was reported.
fn enrollment_of(
    scope_type: ScopeType,
    at: Option<At<'_>>,
    problems: &mut Problems,
) -> Option<Option<String>> {
    let Some(at) = at else { return Some(None) };
    if scope_type == ScopeType::BillingAccount {
        problems.at(
            &at,
            "is not for a billing account, which is the enrollment itself; remove the key",
        );
        return None;
    }
    at.parse_number(problems, |text| scope_id(ScopeType::BillingAccount, text)).map(Some)
}

/// The words of the configuration for rows of cost allocation: true if they count.
const ALLOCATIONS: [(&str, bool); 2] = [("exclude", false), ("include", true)];

fn identity(
    at: &At<'_>,
    given: &[(ScopeType, At<'_>)],
    problems: &mut Problems,
) -> Option<(ScopeType, String)> {
    match given {
        [(scope_type, at)] => {
            let id = at.parse_number(problems, |text| scope_id(*scope_type, text))?;
            Some((*scope_type, id))
        }
        [(first, _), (second, _), ..] => {
            let (first, second) = (first.as_str(), second.as_str());
            let wrong = format!("has both `{first}` and `{second}`; make each a list element");
            problems.at(at, wrong);
            None
        }
        [] => {
            let types = ScopeType::ALL.map(ScopeType::as_str).join(", ");
            problems.at(at, format!("does not say which scope; add one of {types}"));
            None
        }
    }
}

fn cost_type(word: &str) -> Result<CostType, String> {
    one_of(word, &COST_TYPES, CostType::as_str)
}

/// Parses the value of a label that the user chooses.
pub(super) fn name(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if text.is_empty() || text.trim() != text {
        Err("must not be empty, begin or end with a blank; give a short word".to_owned())
    } else if text.contains(char::is_control) {
        Err("must not contain control characters; give a short word".to_owned())
    } else if length > LONGEST_NAME {
        Err(format!("has {length} characters; use {LONGEST_NAME} or fewer"))
    } else {
        Ok(text.to_owned())
    }
}

/// Reads the values of `--scope`.
pub(super) fn from_flags(flags: &[String], problems: &mut Problems) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    for flag in flags {
        match from_flag(flag) {
            Ok(scope) if scopes.contains(&scope) => {
                problems.outside(format!("--scope {flag}"), "is given twice; remove one");
            }
            Ok(scope) => scopes.push(scope),
            Err(wrong) => problems.outside("--scope", wrong),
        }
    }
    if flags.is_empty() {
        problems.outside(
            "--scope",
            "there is nothing to read; give for example --scope department/1234",
        );
    }
    scopes
}

/// Parses `department/1234`, or `department/1234/amortized` as labels spell it.
fn from_flag(flag: &str) -> Result<Scope, String> {
    let flag = trimmed(flag);
    let behind_type = flag.split_once('/').map_or("", |(_, rest)| rest);
    let path = ResourcePath::of(flag).or_else(|| ResourcePath::of(behind_type));
    if let Some((kind, id)) = path.and_then(|path| path.scope())
        && is_id(kind, id)
    {
        let form = format!("write --scope {}/{id}", kind.as_str());
        return Err(format!("is the path of a resource; {form}"));
    }
    let Some((word, rest)) = flag.split_once('/') else {
        let form = "write TYPE/ID, for example department/1234";
        return Err(format!("{} is not a scope; {form}", shown(flag)));
    };
    let types = ScopeType::ALL.map(ScopeType::as_str);
    let scope_type =
        ScopeType::ALL.into_iter().find(|one| one.as_str() == word).ok_or_else(|| {
            let remedy = match instead(word) {
                Some(remedy) => remedy.to_owned(),
                None => instead_of(word, &types),
            };
            format!("{} has no known type; {remedy}", shown(flag))
        })?;
    let (id, cost) = match rest.split_once('/') {
        Some((id, word)) => (id, cost_type(word)?),
        None => (rest, CostType::Actual),
    };
    let id = scope_id(scope_type, id).map_err(|wrong| format!("{}: {wrong}", shown(flag)))?;
    Ok(Scope::new(ScopeId { scope_type, id, cost }))
}
