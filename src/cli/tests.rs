//! Right and wrong flags, as users write them.

use std::time::Duration;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(format!("azure-billing-exporter {line}").split_whitespace())
}

#[test]
fn the_commands_are_put_together_without_contradictions() {
    Cli::command().debug_assert();
}

#[test]
fn serve_listens_where_prometheus_expects_it() {
    let Command::Serve(serve) = parse("serve --scope department/1").unwrap().command else {
        panic!()
    };
    assert_eq!(serve.listen_address, [":10540".parse().unwrap()]);
    assert_eq!(serve.web.telemetry_path.as_str(), "/metrics");
    assert_eq!(serve.source.scope, ["department/1"]);
}

#[test]
fn routes_are_below_the_path_of_the_external_url_unless_a_prefix_says_otherwise() {
    for (flags, prefix) in [
        ("", ""),
        ("--web.external-url=https://finops.example.com/costs/", "/costs"),
        ("--web.external-url=https://finops.example.com/costs/ --web.route-prefix=/", ""),
        ("--web.external-url=https://finops.example.com/costs/ --web.route-prefix=", "/costs"),
        ("--web.external-url=https://finops.example.com --web.route-prefix=a/b/", "/a/b"),
        ("--web.external-url=/costs", "/costs"),
        ("--web.external-url= --web.route-prefix=/costs", "/costs"),
    ] {
        let Command::Serve(serve) = parse(&format!("serve --scope a {flags}")).unwrap().command
        else {
            panic!()
        };
        assert_eq!(serve.web.path.prefix().as_str(), prefix, "{flags}");
        let Command::Healthcheck(asks) = parse(&format!("healthcheck {flags}")).unwrap().command
        else {
            panic!()
        };
        assert_eq!(asks.path.prefix().as_str(), prefix, "{flags}");
    }
}

#[test]
fn log_flags_are_good_before_and_after_the_command() {
    for line in ["--log.level=debug demo", "demo --log.level=debug"] {
        let cli = parse(line).unwrap();
        assert_eq!((cli.log.level, cli.log.format), (LogLevel::Debug, LogFormat::Logfmt));
    }
}

#[test]
fn wrong_flags_are_usage_errors_with_a_remedy() {
    let backfill = "backfill --scope a --from 2026-09 --to 2026-10";
    let cases = [
        ("serve", "<--config.file <PATH>|--scope <TYPE/ID>>"),
        ("check --config.file a --scope b", "cannot be used with"),
        ("demo --web.listen-address 10540", "the port is missing; write :10540"),
        ("demo --web.telemetry-path metrics", "it must begin with /; write"),
        (
            "demo --web.external-url finops.example.com/costs",
            "it must begin with http:// or https://",
        ),
        ("healthcheck --web.route-prefix a/../b", "the path must not have"),
        ("demo --log.level loud", "possible values: error, warn, info, debug, trace"),
        ("simulate --error-rate 2", "use a number from 0 to 1"),
        ("simulate --latency soon", "is not a span of time"),
        ("simulate --rows 0", "0 is not in 1.."),
        ("simulate --totals-ahead 7", "7 is not in -6..=6"),
        ("simulate --currency XXX", "write USD, EUR, JPY or KWD"),
        ("simulate --surge Storage=200", "write SERVICE=PERCENT@YYYY-MM-DD"),
        ("simulate --surge Storage=-1@2026-11-20", "write SERVICE=PERCENT@YYYY-MM-DD"),
        ("simulate --surge =200@2026-11-20", "write SERVICE=PERCENT@YYYY-MM-DD"),
        (backfill, "<--output <FILE>|--remote-write <URL>>"),
        (&format!("{backfill} --output a --remote-write https://x"), "cannot be used with"),
        (&format!("{backfill} --output a --remote-write.header a=b"), "cannot be used with"),
        (&format!("{backfill} --output a --label job"), "write NAME=VALUE"),
        ("backfill --scope a --from 2026-13 --to 2026-10 --output a", "YYYY-MM"),
    ];
    for (line, expected) in cases {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        assert!(error.to_string().contains(expected), "{line}:\n{error}");
    }
}

#[test]
fn without_a_command_there_is_help() {
    let error = parse("").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    assert!(error.to_string().contains("azure-billing-exporter demo"), "{error}");
    let version = parse("--version").unwrap_err().to_string();
    assert_eq!(version, format!("azure-billing-exporter {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn durations_of_flags_have_milliseconds() {
    let simulate = parse("simulate --latency 200ms").unwrap().command;
    let expected = Duration::from_millis(200);
    assert!(matches!(simulate, Command::Simulate(args) if args.latency == expected));
}
