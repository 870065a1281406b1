//! Good and bad `budgets`, and what is read or reported.

use jiff::civil::date;

use super::{complaint, load};
use crate::billing::amount::Amount;
use crate::billing::budget::{Budget, Grain, Only};
use crate::config::{Config, Environment, ScopeBudget};

const GOOD: &str = r#"
metrics: {tags: {keys: [Team, env]}}
scopes:
- {billing_account: 1, name: contoso}
- department: 2
budgets:
- {name: year, scope: contoso, amount: 250000, currency: usd, grain: year, start: 2026-07-01}
- name: quarter
  scope: department/2
  amount: 0.1000000000000000000000000001
  currency: EUR
  grain: quarter
  start: "2026-02-01"
  only: {department: 4711 Größe}
- {name: a, scope: contoso, amount: "9.50", currency: EUR, only: {account: ops}}
- {name: b, scope: contoso, amount: 1.5e3, currency: EUR, start: 2026-02-01, only: {service: Virtual Machines}}
- name: c
  scope: contoso
  amount: 12345678901234567890123456789.25
  currency: EUR
  grain: month
  only: {subscription: AAAAAAAA-0000-0000-0000-00000000000F}
- {name: d, scope: contoso, amount: 007, currency: EUR, only: {tag: {team: Shop}}}
- {name: e, scope: contoso, amount: 7, currency: EUR, only: {tag: {ENV: ""}}}
"#;

#[test]
fn budgets_are_read_as_they_are_written() {
    let long_ago = date(2014, 5, 1);
    let tag = |key: &str, value: &str| Only::Tag { key: key.to_owned(), value: value.to_owned() };
    let budget = |scope, name: &str, amount, currency: &str, grain, start, only| {
        let amount = Amount::parse(amount).unwrap().amount;
        let (name, currency) = (name.to_owned(), currency.to_owned());
        ScopeBudget { scope, budget: Budget { name, amount, currency, grain, start, only } }
    };
    let (month, february) = (Grain::Month, date(2026, 2, 1));
    let department = Only::Department("4711 Größe".to_owned());
    let account = Only::Account("ops".to_owned());
    let service = Only::Service("Virtual Machines".to_owned());
    let subscription = Only::Subscription("aaaaaaaa-0000-0000-0000-00000000000f".to_owned());
    let tenth = "0.1000000000000000000000000001";
    let expected = [
        budget(0, "year", "250000", "USD", Grain::Year, date(2026, 7, 1), Only::All),
        budget(1, "quarter", tenth, "EUR", Grain::Quarter, february, department),
        budget(0, "a", "9.5", "EUR", month, long_ago, account),
        budget(0, "b", "1500", "EUR", month, february, service),
        budget(0, "c", "12345678901234567890123456789.25", "EUR", month, long_ago, subscription),
        budget(0, "d", "7", "EUR", month, long_ago, tag("Team", "Shop")),
        budget(0, "e", "7", "EUR", month, long_ago, tag("env", "")),
    ];
    assert_eq!(load(GOOD).unwrap().budgets, expected);

    let one = "scopes: [{department: 1}]\nbudgets: [{name: a, amount: 5, currency: USD}]\n";
    let alone = budget(0, "a", "5", "USD", month, long_ago, Only::All);
    assert_eq!(load(one).unwrap().budgets, [alone]);
    assert_eq!(load("scopes: [{department: 1}]\nbudgets:\n").unwrap().budgets, []);
    let flags = Config::from_flags(&["department/1".to_owned()], &Environment::default());
    assert_eq!(flags.unwrap().budgets, []);
}

#[test]
fn an_amount_is_what_the_file_says_wherever_it_stands() {
    let written = "0.10000000000000000555";
    let rest = "currency: USD}]\nscopes: [{department: 1, name: Größe 🏢}]\n";
    for file in [
        format!("budgets: [{{name: ä🏢, amount: {written}, {rest}"),
        format!("\u{feff}# ä\r\nbudgets: [{{name: ä, amount: {written}   , {rest}"),
        format!("azure: {{}} # ä\nbudgets: [{{name: a, amount: &x {written}, {rest}"),
        format!(
            "budgets:\n- {{name: a, amount: &x {written}, currency: USD}}\n\
             - {{name: ä, currency: USD, amount: *x}}\nscopes: [{{department: 1}}]"
        ),
        format!(
            "scopes: [{{department: 1}}]\nbudgets:\n- name: a\n  currency: USD\n  \
             amount: {written}"
        ),
    ] {
        let config = load(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        for found in config.budgets {
            assert_eq!(found.budget.amount.to_string(), written, "{file}");
        }
    }
}

/// Bad budgets behind good scopes, and the errors for them.
const WRONG: &[(&str, &str)] = &[
    ("{name: a}", "2: budgets: must be a list; start each element with `- `"),
    (
        "[{scope: contoso, amount: 5, currency: USD}]",
        "2: budgets[0].name: is missing; give a short word for the `budget` label",
    ),
    (
        "[{name: a, amount: 5, currency: USD}]",
        "2: budgets[0].scope: is missing; there are several; use one of contoso, department/2",
    ),
    (
        "[{name: a, scope: contosso, amount: 5, currency: USD}]",
        "2: budgets[0].scope: `contosso` is not the name of a scope; did you mean `contoso`? \
         Allowed here: contoso, department/2",
    ),
    (
        "[{name: a, scope: contoso, currency: USD}]",
        "2: budgets[0].amount: is missing; write what one month, quarter or year may cost, for \
         example 9000",
    ),
    (
        "[{name: a, scope: contoso, amount: 5}]",
        "2: budgets[0].currency: is missing; costs in other currencies do not count; write its \
         three letters, for example USD",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: dollar}]",
        "2: budgets[0].currency: `dollar` is not a currency; write its three letters, for example \
         USD",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: USD, grain: quater}]",
        "2: budgets[0].grain: `quater` is not known; did you mean `quarter`? Allowed here: month, \
         quarter, year",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: USD, grain: quarter}]",
        "2: budgets[0].start: is missing; write the day the first quarter begins, for example \
         2026-07-01",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: USD, start: 2026-07-15}]",
        "2: budgets[0].start: 2026-07-15 is not the first of a month, where bills begin; use \
         2026-07-01",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: USD, start: 2026-07}]",
        "2: budgets[0].start: `2026-07` is not a date; write YYYY-MM-DD, for example 2026-07-01",
    ),
    (
        "[{name: a, scope: contoso, amount: 5, currency: USD, spent: 4}]",
        "2: budgets[0].spent: unknown key; allowed here: name, scope, amount, currency, grain, \
         start, only",
    ),
    (
        "\n- {name: a, scope: contoso, amount: 5, currency: USD}\n\
         - {name: a, scope: department/2, amount: 5, currency: USD}",
        "4: budgets[1]: the name `a` is already that of budgets[0] (line 3); give each budget its \
         own",
    ),
];

#[test]
fn wrong_budgets_are_named_with_their_place_and_remedy() {
    let scopes = "scopes: [{billing_account: 1, name: contoso}, {department: 2}]";
    for (budgets, expected) in WRONG {
        let found = complaint(&format!("{scopes}\nbudgets: {budgets}\n"));
        assert_eq!(found, format!("config.yaml:{expected}"), "{budgets}");
    }
}

#[test]
fn an_amount_is_positive_and_decimal() {
    for (amount, shown) in [
        ("0", "`0`"),
        ("-5", "`-5`"),
        ("-0.5", "`-0.5`"),
        ("+0.5", "`+0.5`"),
        ("250k", "`250k`"),
        ("1_000", "`1_000`"),
        ("250 000", "a value with blanks in it (is a `:` missing on the next line?)"),
        (".inf", "`.inf`"),
        (".nan", "`.nan`"),
        ("1e400", "`1e400`"),
        ("1e-37", "`1e-37`"),
        ("''", "an empty value"),
    ] {
        let budget = format!("{{name: a, currency: USD, amount: {amount}}}");
        assert_eq!(
            complaint(&format!("scopes: [{{department: 1}}]\nbudgets: [{budget}]\n")),
            format!(
                "config.yaml:2: budgets[0].amount: {shown} is not an amount; write a positive \
                 number such as 9000 or 9000.50"
            )
        );
    }
}

/// Values of `only`, and the errors for them.
const WRONG_ONLY: &[(&str, &str)] = &[
    (
        "",
        "only: does not say what counts; add one of department, account, subscription, service, \
         tag, or remove it",
    ),
    ("{account: a, service: b}", "only: has both `account` and `service`; keep one"),
    (
        "{departement: a}",
        "only.departement: unknown key; did you mean `department`? Allowed here: department, \
         account, subscription, service, tag",
    ),
    (
        "{department: ''}",
        "only.department: must not be empty, begin or end with a blank; give its name",
    ),
    ("{service: 42}", "only.service: is read as a number; put it in quotes"),
    (
        "{subscription: shop}",
        "only.subscription: `shop` is not an id of this type; use a GUID such as \
         00000000-0000-0000-0000-000000000000",
    ),
    ("{tag: team}", "only.tag: must be a mapping of one key, such as `{team: shop}`"),
    ("{tag: {team: a, env: b}}", "only.tag: must be a mapping of one key, such as `{team: shop}`"),
    ("{tag: {team: 42}}", "only.tag.team: is read as a number; put it in quotes"),
    ("{tag: {owner: a}}", "only.tag: `owner` is not in `metrics.tags.keys`; add it there"),
    (
        "{tag: {teams: a}}",
        "only.tag: `teams` is not in `metrics.tags.keys`; did you mean `team`? Otherwise add it \
         there",
    ),
];

#[test]
fn what_counts_is_one_thing_that_exists() {
    let file = "scopes: [{department: 1}]\nmetrics: {tags: {keys: [team, env]}}\nbudgets:\n\
                - {name: a, amount: 5, currency: USD, only: ";
    for (only, expected) in WRONG_ONLY {
        let found = complaint(&format!("{file}{only}}}\n"));
        assert_eq!(found, format!("config.yaml:4: budgets[0].{expected}"), "{only}");
    }
}

#[test]
fn a_wrong_list_of_scopes_or_tags_is_told_once() {
    let budget = "{name: a, scope: shop, amount: 5, currency: USD, only: {tag: {team: a}}}";
    let yaml = format!(
        "scopes: [{{department: x, name: shop}}]\nmetrics: {{tags: {{key: [team]}}}}\n\
         budgets: [{budget}]\n"
    );
    assert_eq!(
        complaint(&yaml),
        "config.yaml:1: scopes[0].department: `x` is not an id of this type; use the \
         department's number, digits only\n\
         config.yaml:2: metrics.tags.key: unknown key; did you mean `keys`? Allowed here: keys, \
         max_series"
    );
}
