//! Good and bad `metrics`, and what is read or reported.

use super::{SHORTEST, complaint, load};
use crate::billing::limits::Limits;
use crate::billing::metric_families::limits;
use crate::config::{Config, Environment, Metrics};

#[test]
fn what_metrics_says_is_read_and_the_rest_has_its_default() {
    let mut yaml = "metrics:\n  daily_window: 100d\n".to_owned();
    let mut expected = Limits::default();
    for (place, limit) in limits().into_iter().enumerate() {
        let most = if limit.key == "meters" { 1_000_000 } else { place };
        let keys = if limit.key == "tags" { "keys: [team, Cost Center], " } else { "" };
        yaml += &format!("  {}: {{{keys}max_series: '{most}'}}\n", limit.key);
        expected.set(limit, most);
    }
    let expected = Metrics {
        limits: expected,
        tags: vec!["team".to_owned(), "Cost Center".to_owned()],
        daily_window_days: 100,
    };
    assert_eq!(load(&format!("{yaml}{SHORTEST}")).unwrap().metrics, expected);

    let default = Metrics { limits: Limits::default(), tags: Vec::new(), daily_window_days: 35 };
    for yaml in ["", "metrics:\n", "metrics: {tags: {keys: []}, meters: }\n"] {
        assert_eq!(load(&format!("{yaml}{SHORTEST}")).unwrap().metrics, default, "{yaml}");
    }
    let flags = Config::from_flags(&["department/1".to_owned()], &Environment::default());
    assert_eq!(flags.unwrap().metrics, default);
}

/// Bad lines in front of a good scope, and the errors for them.
const WRONG: &[(&str, &str)] = &[
    (
        "metrics: {meters: 5}\n",
        "config.yaml:1: metrics.meters: must be a mapping of keys, such as `max_series: …`",
    ),
    (
        "metrics: {meters: {max_series: 1000001}}\n",
        "config.yaml:1: metrics.meters.max_series: `1000001` is not a number of series; use a \
         whole number up to 1000000, or 0 to turn the family off",
    ),
    (
        "metrics: {tags: {max_series: -1}}\n",
        "config.yaml:1: metrics.tags.max_series: `-1` is not a number of series; use a whole \
         number up to 1000000, or 0 to turn the family off",
    ),
    (
        "metrics: {tags: {keys: team}}\n",
        "config.yaml:1: metrics.tags.keys: must be a list; start each element with `- `",
    ),
    (
        "metrics:\n  tags:\n    keys:\n    - team\n    - ' env'\n",
        "config.yaml:5: metrics.tags.keys[1]: must not be empty, begin or end with a blank; give \
         the key of a tag",
    ),
    (
        "metrics:\n  tags:\n    keys:\n    - env\n    - team\n    - environment\n    - Team\n",
        "config.yaml:7: metrics.tags.keys[3]: `Team` is the same key as metrics.tags.keys[1] \
         (line 5): Azure compares keys of tags without regard to case; keep one",
    ),
    (
        "metrics: {tags: {keys: [\"a\\tb\"]}}\n",
        "config.yaml:1: metrics.tags.keys[0]: must not contain control characters; give the key of a \
         tag",
    ),
    (
        "metrics: {daily_window: 28d}\n",
        "config.yaml:1: metrics.daily_window: 28d is too short: the usual day is computed from the \
         28 days before the latest one; use 29d to 100d",
    ),
    (
        "metrics: {daily_window: 101d}\n",
        "config.yaml:1: metrics.daily_window: 101d is too long: every day is a series; use 29d \
         to 100d",
    ),
];

#[test]
fn an_unknown_family_is_answered_with_all_that_there_are() {
    let keys: Vec<_> = limits().into_iter().map(|limit| limit.key).collect();
    assert!(keys.len() >= 9 && keys.starts_with(&["instances", "accounts"]), "{keys:?}");
    assert_eq!(
        complaint(&format!("metrics:\n  service: {{max_series: 5}}\n{SHORTEST}")),
        format!(
            "config.yaml:2: metrics.service: unknown key; did you mean `services`? Allowed here: \
             {}, daily_window",
            keys.join(", ")
        )
    );
}

#[test]
fn wrong_metrics_are_named_with_their_key_line_and_remedy() {
    for (lines, expected) in WRONG {
        assert_eq!(complaint(&format!("{lines}{SHORTEST}")), *expected, "{lines}");
    }
}

#[test]
fn tags_are_few_and_short() {
    let with =
        |keys: &str| complaint(&format!("metrics: {{tags: {{keys: [{keys}]}}}}\n{SHORTEST}"));
    let many: Vec<String> = (0..51).map(|index| format!("tag{index}")).collect();
    assert_eq!(
        with(&many.join(", ")),
        "config.yaml:1: metrics.tags.keys: has 51 keys; each key is a family of series of its \
         own: use 50 or fewer"
    );
    assert_eq!(
        with(&"x".repeat(513)),
        "config.yaml:1: metrics.tags.keys[0]: has 513 characters; keys of tags have 512 or fewer"
    );
}
