//! The commands that end by themselves.

use crate::process::run;
use crate::serve::configuration;
use crate::server::{Answer, Server};

const PAGE: &str = r#"{"value":[{"properties":{"date":"{{today}}","cost":12.5,"quantity":3,"unitOfMeasure":"1 Hour","billingCurrency":"EUR"}}]}"#;

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path")
}

#[test]
fn a_bad_configuration_ends_with_2_and_says_where_and_what() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = "azure:\n  auth: {method: token, token: planted-secret}\nscopes:\n  - department: \"1234\"\npoll:\n  intervall: 4h\n";
    std::fs::write(file.path(), text).expect("the file can be written");
    for command in ["serve", "once", "check"] {
        let (code, output, error) = run(&[command, "--config.file", path(&file)], &[]);
        assert_eq!(code, 2, "{command}: {error}");
        assert!(output.is_empty());
        assert!(
            error.contains(":6: poll.intervall: ") && error.contains("did you mean `interval`?"),
            "{error}"
        );
        assert!(!error.contains("planted-secret"), "{error}");
    }
}

#[test]
fn the_form_without_a_file_takes_its_credentials_from_the_environment() {
    let environment = [
        ("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000001"),
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000002"),
        ("AZURE_CLIENT_SECRET", "planted-secret"),
    ];
    let (code, output, error) = run(&["check", "--scope", "department/1234"], &environment);
    assert_eq!((code, error.as_str()), (0, ""), "{output}");
    let told = "configuration: valid, 1 scope\n  department/1234 (department/1234)\n\
                identity: application 00000000-0000-0000-0000-000000000002 of tenant \
                00000000-0000-0000-0000-000000000001 with a client secret\n\
                endpoint: https://management.azure.com/\n\
                Azure was not contacted; --online checks whether it gives access\n";
    assert_eq!(output, told);
    let (_, output, _) = run(&["check", "--scope", "department/1234"], &[]);
    assert!(output.contains("identity: the managed identity of this machine\n"), "{output}");
    let (code, _, error) = run(&["check", "--scope", "departement/1234"], &environment);
    assert_eq!(code, 2);
    assert!(error.contains("department"), "{error}");
}

#[test]
fn an_authority_that_cannot_be_reached_is_a_failure_of_authentication() {
    let nobody =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let authority = format!("https://{nobody}");
    let azure = "http://127.0.0.1:9";
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure:\n  endpoint: {azure}\n  authority_host: {authority}\n  auth: {{method: client_secret, tenant_id: 00000000-0000-0000-0000-000000000001, client_id: 00000000-0000-0000-0000-000000000002, client_secret: planted-secret}}\nscopes:\n  - department: \"1234\"\n"
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    let (code, output, error) = run(&["check", "--online", "--config.file", path(&file)], &[]);
    assert_eq!(code, 1, "{output}{error}");
    assert!(
        output.contains("not authenticated") && output.contains("-> check azure.auth"),
        "{output}{error}"
    );
    assert!(!output.contains("planted-secret") && !error.contains("planted-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn once_writes_what_it_read_and_nothing_of_the_process() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\"}");
    let (code, output, error) = run(&["once", "--config.file", path(&file)], &[]);
    assert_eq!(code, 0, "{error}");
    assert!(output.contains("currency=\"EUR\"} 12.5\n"), "{output}");
    assert!(!output.contains("process_") && !output.contains("# EOF"), "{output}");
    let directory = tempfile::tempdir().expect("a directory");
    let target = directory.path().join("azure.prom");
    std::fs::write(&target, "old").expect("the file can be written");
    let reader = std::fs::File::open(&target).expect("the file");
    let arguments =
        ["once", "--config.file", path(&file), "--output", target.to_str().expect("a path")];
    assert_eq!(run(&arguments, &[]).0, 0);
    assert!(
        std::fs::read_to_string(&target).expect("the file").contains("currency=\"EUR\"} 12.5\n")
    );
    assert_eq!(
        std::io::read_to_string(reader).expect("the old file"),
        "old",
        "whoever reads meanwhile reads the old file to its end"
    );
    assert_eq!(
        std::fs::read_dir(directory.path()).expect("a directory").count(),
        1,
        "nothing is left beside it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn once_fails_with_1_if_a_scope_failed_and_writes_the_others() {
    let azure = Server::start(vec![Answer::page(PAGE), Answer::status(403, "")]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1\"}\n  - {department: \"2\"}");
    let (code, output, error) = run(&["once", "--config.file", path(&file)], &[]);
    assert_eq!(code, 1, "{error}");
    assert!(output.contains("} 12.5\n"), "{output}");
    assert!(error.contains("reason=forbidden"), "{error}");
    let end = error.lines().last().expect("a line");
    assert!(
        end.contains("1 of 2 scopes could not be read; their costs are not in what was written"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn once_writes_the_costs_of_every_scope_beside_each_other() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(
        &azure.endpoint,
        "  - {department: \"1\", name: one}\n  - {billing_account: \"2\", name: two}",
    );
    let (code, output, error) = run(&["once", "--config.file", path(&file)], &[]);
    assert_eq!(code, 0, "{error}");
    for (scope, nested) in [("one", true), ("two", false)] {
        let about = |family: &str| {
            let start = format!("azure_billing_{family}{{scope=\"{scope}\",");
            output.lines().find(|line| line.starts_with(&start)).expect("a line").to_owned()
        };
        assert!(about("instance_pretax_cost").ends_with(" 12.5"), "{output}");
        assert!(about("scope_pretax_cost").ends_with(" 12.5"), "{output}");
        assert!(about("scope_info").contains(&format!("nested=\"{nested}\"")), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn once_tells_before_it_asks_azure_that_its_file_cannot_be_written() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1\"}");
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path().to_str().expect("a path");
    for (output, why) in
        [("/nowhere/azure.prom", "No such file or directory"), (directory, "is a directory")]
    {
        let (code, _, error) =
            run(&["once", "--config.file", path(&file), "--output", output], &[]);
        assert_eq!(code, 1);
        assert!(error.contains(&format!("cannot write {output}: {why}")), "{error}");
    }
    assert!(azure.requests().is_empty(), "an hour of quota for nothing");
}

#[test]
fn check_ends_in_an_error_where_its_table_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let mut check = crate::process::program();
    check.args(["check", "--scope", "department/1234"]).stdout(full);
    let output = check.output().expect("the program starts");
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cannot write to standard output") && !error.contains("panic"),
        "{error}"
    );
}
