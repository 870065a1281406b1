//! A secret beside a mistake is never shown.

use super::{SHORTEST, load, load_with};
use crate::config::{Config, Environment};

const SECRET: &str = "hUnter2~Q8";

/// Typing mistakes around a secret are reported without it.
#[test]
fn no_error_quotes_a_secret_beside_a_typo() {
    let slips = [
        "  client_secret: SECRET\n  client_idd: a\n",
        "  client_secret: SECRET\n client_id: a\n",
        "  client_secret SECRET\n",
        "  client_secret:SECRET\n",
        "  client_secret=SECRET\n",
        "  client_secret SECRET: a\n",
        "  SECRET\n",
        "  SECRET: a\n",
        "  client_secret: !SECRET\n",
        "  client_secret: !SECRET a\n",
        "  client_secret: *SECRET\n",
        "  client_secret: &SECRET\n",
        "  client_secret: %SECRET\n",
        "  client_secret: @SECRET\n",
        "  client_secret: 'SECRET\n",
        "  client_secret: \"SECRET\\q\"\n",
        "  client_secret: [SECRET]\n",
        "  client_secret: {SECRET: a}\n",
        "  client_secret: a: SECRET\n",
        "  client_secret:\n  - SECRET\n",
        "  client_secret: |\n  SECRET\n",
        "  client_secret: |\n    SECRET\n    SECRET\n",
        "  client_secret: SECRET\n  client_secret: SECRET\n",
        "  token: SECRET\n",
        "  client_id: SECRET\n",
        "\tclient_secret: SECRET\n",
    ];
    let mut told = 0;
    for slip in slips {
        for method in ["  method: client_secret\n", "  method: token\n", "  tenant_id: t\n", ""] {
            for (before, after) in [(method, ""), ("", method)] {
                let auth = format!("{before}{slip}{after}").replace("SECRET", SECRET);
                let yaml = format!("azure:\n auth:\n{auth}{SHORTEST}");
                // Some of them are no mistake with some methods.
                let Err(error) = load(&yaml) else { continue };
                told += 1;
                for said in [error.to_string(), format!("{error:?}")] {
                    assert!(!said.contains("hUnter2"), "{said}\nfor\n{yaml}");
                }
            }
        }
    }
    assert!(told > 7 * slips.len(), "only {told} were errors");
}

#[test]
fn a_secret_in_the_place_of_a_path_is_not_told() {
    let keys = "tenant_id: t, client_id: c";
    for yaml in [
        format!(
            "azure: {{auth: {{method: client_secret, {keys}, client_secret_file: {SECRET}}}}}\n"
        ),
        format!(
            "azure: {{auth: {{method: client_certificate, {keys}, client_certificate_file: {SECRET}}}}}\n"
        ),
        format!(
            "azure: {{auth: {{method: workload_identity, {keys}, federated_token_file: {SECRET}}}}}\n"
        ),
        format!("azure: {{auth: {{method: token, token_file: {SECRET}}}}}\n"),
        "azure: {auth: {method: token, token_file: \"-----BEGIN PRIVATE KEY-----\\nhUnter2\\n\"}}\n"
            .to_owned(),
        format!("azure: {{ca_file: {SECRET}, auth: {{method: token, token: x}}}}\n"),
    ] {
        let error = load(&format!("{yaml}{SHORTEST}")).unwrap_err();
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(!said.contains("hUnter2"), "{said}\nfor\n{yaml}");
            assert!(said.contains("looks like a secret and is not shown"), "{said}");
            assert!(said.contains("cannot be read: No such file"), "{said}");
        }
    }
    for variable in ["AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"] {
        let variables = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), (variable, SECRET)];
        let said = load_with(SHORTEST, &variables).unwrap_err().to_string();
        assert!(!said.contains("hUnter2") && said.starts_with(variable), "{said}");
    }
    // A path that is only wrong is still shown.
    let yaml = format!(
        "azure: {{auth: {{method: token, token_file: /nonexistent/azure-token}}}}\n{SHORTEST}"
    );
    let said = load(&yaml).unwrap_err().to_string();
    assert!(
        said.contains("azure.auth.token_file: /nonexistent/azure-token cannot be read"),
        "{said}"
    );
}

#[test]
fn debug_output_has_no_secret() {
    let keys = "method: client_secret, tenant_id: t, client_id: c";
    let yaml = format!("azure: {{auth: {{{keys}, client_secret: {SECRET}}}}}\n{SHORTEST}");
    let variables =
        [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", SECRET)];
    let environment: Environment = variables.into_iter().collect();
    let flags = ["department/1".to_owned()];

    let printed = [
        format!("{:?}", load(&yaml).unwrap()),
        format!("{:?}", load_with(SHORTEST, &variables).unwrap()),
        format!("{:?}", Config::from_flags(&flags, &environment).unwrap()),
        format!("{environment:?}"),
    ];

    for text in printed {
        assert!(!text.contains(SECRET), "{text}");
    }
}
