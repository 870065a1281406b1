//! Addresses to listen on, and paths to serve under.

use crate::config::{ListenAddress, TelemetryPath};

fn resolved(text: &str) -> Vec<String> {
    let address: ListenAddress = text.parse().unwrap();
    assert_eq!(address.to_string(), text);
    address.resolve().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_resolves_to_the_sockets_to_try() {
    assert_eq!(resolved(":10540"), ["[::]:10540", "0.0.0.0:10540"]);
    assert_eq!(resolved("[::1]:80"), ["[::1]:80"]);
    assert_eq!(resolved("127.0.0.1:0"), ["127.0.0.1:0"]);
    assert!(resolved("localhost:80").contains(&"127.0.0.1:80".to_owned()));
}

#[test]
fn a_wrong_address_or_path_says_what_to_write() {
    let forms = "write :10540 (every interface), localhost:10540 or [::1]:10540";
    let addresses = [
        ("10540", "the port is missing"),
        (":", "the port is not 0 to 65535"),
        (":99999", "the port is not 0 to 65535"),
        ("::1:80", "an IPv6 address needs brackets"),
        ("[x]:80", "the brackets hold no IPv6 address"),
        ("[::1:80", "the brackets hold no IPv6 address"),
        ("me@host:80", "the host is not a name or address"),
    ];
    for (text, wrong) in addresses {
        let error = text.parse::<ListenAddress>().unwrap_err();
        assert_eq!(error, format!("{wrong}; {forms}"), "{text}");
    }
    let paths = [
        ("metrics", "it must begin with /"),
        ("/", "/ is the status page"),
        ("/-/ready", "/-/ is where health, readiness and reload are"),
        ("/{a}", "it may hold letters, digits, / . _ ~ and - only"),
        ("/a/", "it must not have empty parts"),
        ("//a", "it must not have empty parts"),
    ];
    for (text, wrong) in paths {
        let error = text.parse::<TelemetryPath>().unwrap_err();
        assert_eq!(error, format!("{wrong}; write for example /metrics"), "{text}");
    }
}
