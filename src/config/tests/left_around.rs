//! What files, shells and editors leave around a value: blanks, line ends, a byte order mark.

use secrecy::ExposeSecret;

use super::credentials::{auth, certificate_file};
use super::{SHORTEST, complaint, load, load_with};
use crate::config::{Application, Auth, Config, Environment, ManagedIdentity};

#[test]
fn what_files_and_shells_leave_around_an_id_is_no_part_of_it() {
    const ID: &str = "00000000-0000-0000-0000-000000000007";
    let around = [
        format!("{ID}\n"),
        format!(" {ID}\r\n"),
        format!("\u{feff}{ID}"),
        format!("\u{feff} {ID}\t\n\n"),
    ];
    for id in &around {
        let variables = [
            ("AZURE_TENANT_ID", id.as_str()),
            ("AZURE_CLIENT_ID", id),
            ("AZURE_CLIENT_SECRET", "\u{feff}s~x\n"),
        ];
        let Auth::ClientSecret(Application { tenant_id, client_id }, secret) =
            load_with(SHORTEST, &variables).unwrap().azure.auth
        else {
            panic!()
        };
        assert_eq!((tenant_id.as_str(), client_id.as_str()), (ID, ID), "{id:?}");
        assert_eq!(secret.read().unwrap().expose_secret(), "s~x");
        let quoted = serde_json::Value::from(id.as_str());
        for (key, expected) in [
            ("client_id", ManagedIdentity::ClientId(ID.to_owned())),
            ("object_id", ManagedIdentity::ObjectId(ID.to_owned())),
        ] {
            let yaml = auth(&format!("method: managed_identity, {key}: {quoted}"));
            let found = load(&yaml).unwrap().azure.auth;
            assert_eq!(found, Auth::ManagedIdentity(expected), "{id:?}");
        }
    }
    let resource = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
    let yaml = auth(&format!("method: managed_identity, resource_id: \"{resource} \\n\""));
    let expected = ManagedIdentity::ResourceId(resource.to_owned());
    assert_eq!(load(&yaml).unwrap().azure.auth, Auth::ManagedIdentity(expected));
    // Inside a value they are still wrong.
    for id in ["", "\n", "\u{feff}", "a\nb", "a\u{feff}b"] {
        let variables =
            [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", id), ("AZURE_CLIENT_SECRET", "s")];
        let said = load_with(SHORTEST, &variables).unwrap_err().to_string();
        assert!(said.starts_with("AZURE_CLIENT_ID: is no"), "{id:?}: {said}");
    }
}

#[test]
fn the_mark_that_a_file_begins_with_is_no_part_of_its_secret() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    let keys = |key: &str| {
        let file = path.display();
        match key {
            "token_file" => format!("method: token, token_file: {file}"),
            _ => format!("method: client_certificate, tenant_id: t, client_id: c, {key}: {file}"),
        }
    };
    std::fs::write(&path, "\u{feff}s~x\r\n").unwrap();
    let Auth::Token(token) = load(&auth(&keys("token_file"))).unwrap().azure.auth else { panic!() };
    assert_eq!(token.read().unwrap().expose_secret(), "s~x");
    // The file is read again at each use, also when it no longer contains a secret.
    for nothing in ["\u{feff}", "\u{feff}\n", "\u{feff} \n"] {
        std::fs::write(&path, nothing).unwrap();
        let said = token.read().unwrap_err().to_string();
        assert!(said.ends_with("is empty; write the secret into it"), "{nothing:?}: {said}");
    }
    let pem = std::fs::read_to_string(certificate_file().path()).unwrap();
    std::fs::write(&path, format!("\u{feff}{pem}")).unwrap();
    let Auth::ClientCertificate(_, read) =
        load(&auth(&keys("client_certificate_file"))).unwrap().azure.auth
    else {
        panic!()
    };
    assert_eq!(read.read_whole().unwrap().expose_secret(), pem);
    // If the variable counted as absent, another identity would be used.
    let variables =
        [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "\u{feff}")];
    assert_eq!(
        load_with(SHORTEST, &variables).unwrap_err().to_string(),
        "AZURE_CLIENT_SECRET: is empty or more than one line; give the bare secret"
    );
    let said = complaint(&auth("method: token, token: \"\\uFEFF\""));
    assert!(
        said.ends_with("token: is empty or more than one line; give the bare secret"),
        "{said}"
    );
}

#[test]
fn an_id_of_a_scope_may_stand_between_blanks() {
    for yaml in
        ["department: \" 1234\\n\"", "department: \"\\uFEFF1234\\r\\n\"", "department: '1234 '"]
    {
        let config = load(&format!("scopes: [{{{yaml}}}]\n")).unwrap();
        assert_eq!(config.scopes[0].label, "department/1234", "{yaml}");
    }
    let flags = ["department/1234 ", " department/77/amortized\n", "department/ 5"];
    let config = Config::from_flags(&flags.map(str::to_owned), &Environment::default()).unwrap();
    let labels: Vec<&str> = config.scopes.iter().map(|scope| scope.label.as_str()).collect();
    assert_eq!(labels, ["department/1234", "department/77/amortized", "department/5"]);
    let same = ["department/1", "department/1 "].map(str::to_owned);
    let said = Config::from_flags(&same, &Environment::default()).unwrap_err().to_string();
    assert!(said.ends_with("is given twice; remove one"), "{said}");
    let inside = complaint("scopes: [{department: '12 34'}]\n");
    assert!(inside.contains("is not an id of this type"), "{inside}");
}
