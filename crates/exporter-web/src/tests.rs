//! Addresses to listen on, external URLs, and paths of routes.

use super::{ExternalUrl, ListenAddress, RoutePrefix, TelemetryPath};

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
        ("/{a}", "it may contain letters, digits, / . _ ~ and - only"),
        ("/a/", "it must not have empty parts"),
        ("//a", "it must not have empty parts"),
    ];
    for (text, wrong) in paths {
        let error = text.parse::<TelemetryPath>().unwrap_err();
        assert_eq!(error, format!("{wrong}; write for example /metrics"), "{text}");
    }
}

#[test]
fn an_external_url_has_a_host_a_path_or_both_or_says_nothing() {
    for (text, authority, path) in [
        ("", None, ""),
        ("/", None, ""),
        ("/costs", None, "/costs"),
        ("/costs/", None, "/costs"),
        ("http://localhost", Some("localhost"), ""),
        ("https://FinOps.example.com/", Some("finops.example.com"), ""),
        ("https://finops.example.com:443/a/b//", Some("finops.example.com"), "/a/b"),
        ("http://finops.example.com:443/", Some("finops.example.com:443"), ""),
        ("http://[::1]:9090/costs", Some("[::1]:9090"), "/costs"),
        ("https://bücher.example.com/", Some("xn--bcher-kva.example.com"), ""),
    ] {
        let url: ExternalUrl = text.parse().unwrap();
        assert_eq!(url.authority(), authority, "{text}");
        assert_eq!(RoutePrefix::default().beside(&url).as_str(), path, "{text}");
    }
}

#[test]
fn a_wrong_external_url_or_prefix_says_what_to_write() {
    let no_url = "it must begin with http:// or https://, or be a path";
    let urls = [
        ("finops.example.com", no_url),
        ("finops.example.com/costs", no_url),
        ("localhost:9090", no_url),
        (":9090", no_url),
        ("9090", no_url),
        ("//finops.example.com/costs", no_url),
        ("ftp://finops.example.com/", no_url),
        ("https://", no_url),
        ("'https://finops.example.com/'", "it must not begin or end with a quote"),
        ("/costs\"", "it must not begin or end with a quote"),
        ("https://me@finops.example.com/", "it must contain no user and no password"),
        ("https://:pass@finops.example.com/", "it must contain no user and no password"),
        ("https://finops.example.com/?a", "it must end with the path"),
        ("https://finops.example.com/#a", "it must end with the path"),
    ];
    for (text, wrong) in urls {
        let error = text.parse::<ExternalUrl>().unwrap_err();
        let expected = format!("{wrong}, without ? and #; ");
        let expected = if wrong.ends_with("the path") { &expected } else { wrong };
        assert!(error.starts_with(expected), "{text}: {error}");
        assert!(error.ends_with("; write for example https://finops.example.com/azure-billing/"));
    }
    let paths = [
        ("/{a}", "the path may contain letters, digits, / . _ ~ and - only"),
        ("/a%2Fb", "the path may contain letters, digits, / . _ ~ and - only"),
        ("/a//b", "the path must not have empty parts, nor . and .. as parts"),
        ("..", "the path must not have empty parts, nor . and .. as parts"),
    ];
    for (text, wrong) in paths {
        let expected = format!("{wrong}; write for example /azure-billing");
        assert_eq!(text.parse::<RoutePrefix>().unwrap_err(), expected, "{text}");
    }
    let url = "https://finops.example.com/a b".parse::<ExternalUrl>().unwrap_err();
    assert!(url.starts_with("the path may contain"), "{url}");
}
