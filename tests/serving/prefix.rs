//! All pages below a path prefix, as behind a proxy that serves other things as well.

use url::Url;

use crate::process::{Running, get, request};

/// Starts the demo, and returns its address too.
fn demo(flags: &[&str]) -> (Running, String) {
    let listens = ["demo", "--web.listen-address", "127.0.0.1:0"];
    let mut demo = Running::start(&[&listens, flags].concat());
    let address = demo.address();
    (demo, address)
}

/// Returns the links of the page that lead to the exporter itself.
fn own_links(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let own = links.filter(|link| !link.starts_with('#') && !link.contains(':'));
    own.map(str::to_owned).collect()
}

#[test]
fn all_routes_are_below_the_path_of_the_external_url_and_the_root_leads_there() {
    let flags = ["--web.external-url=https://finops.example.com/costs/", "--web.telemetry-path=/m"];
    let (mut demo, address) = demo(&flags);
    for path in ["/costs/", "/costs/m", "/costs/-/healthy"] {
        assert_eq!(get(&address, path).0, 200, "{path}");
    }
    assert_eq!(request(&address, "POST", "/costs/-/reload", "*/*").0, 501);
    for path in ["/m", "/-/healthy", "/-/ready", "/-/reload", "/costs/metrics", "/costs/costs/"] {
        assert_eq!(get(&address, path).0, 404, "{path}");
    }
    for path in ["/", "/costs"] {
        let (status, head, _) = request(&address, "GET", path, "*/*");
        assert!(status == 302 && head.contains("\r\nlocation: /costs/\r\n"), "{path}: {head}");
    }
    demo.signal("TERM");
    let lines = demo.lines_to_the_end();
    for said in [format!("open http://{address}/costs/"), format!("     http://{address}/costs/m")]
    {
        assert!(lines.contains(&said), "{said:?}: {lines:#?}");
    }
}

#[test]
fn a_proxy_that_takes_the_path_away_gets_routes_without_it() {
    let flags = ["--web.external-url=https://finops.example.com/costs/", "--web.route-prefix=/"];
    let (_demo, address) = demo(&flags);
    for path in ["/", "/metrics", "/-/healthy"] {
        assert_eq!(get(&address, path).0, 200, "{path}");
    }
    assert_eq!(get(&address, "/costs/").0, 404);
}

#[test]
fn the_links_of_the_page_lead_to_the_exporter_wherever_a_proxy_shows_it() {
    for (flag, page) in [("--web.route-prefix=/", "/"), ("--web.route-prefix=/a/b", "/a/b/")] {
        let (_demo, address) = demo(&[flag]);
        let links = own_links(&get(&address, page).1);
        assert_eq!(links, ["metrics", "statement", "-/healthy", "-/ready"]);
        for shown_at in ["https://finops.example.com/", "https://finops.example.com/x/y/"] {
            let shown_at: Url = shown_at.parse().expect("a URL");
            for link in &links {
                let shown = shown_at.join(link).expect("a link");
                // The proxy's request: its own prefix is replaced by the exporter's.
                let below = shown.path().strip_prefix(shown_at.path()).expect("below the page");
                let status = get(&address, &format!("{page}{below}")).0;
                assert!([200, 503].contains(&status), "{shown}: {status}");
            }
        }
    }
}
