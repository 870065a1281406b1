//! The status page in Chromium, as people see it.

use azure_billing_exporter::billing::period::day_of;
use azure_billing_exporter::poller::Clock;
use serde_json::json;

use crate::chromium::{Chromium, LOOKS};
use crate::process::Running;
use crate::server::{Answer, Server};
use crate::serving::{Serving, page, row, wait_until_polled};

/// Finds texts whose contrast with their background is below the minimum of WCAG 2 AA.
pub(crate) const FAINT: &str = r#"(() => {
  const channel = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = text => text.match(/[\d.]+/g).map(Number);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const paper = colour(getComputedStyle(e).backgroundColor);
      if (paper.length < 4 || paper[3] > 0) return paper;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
    if (!text || !element.checkVisibility() || element.closest('svg')) continue;
    const [a, b] = [light(colour(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(text.slice(0, 40) + ' ' + (a + 0.05) / (b + 0.05));
  }
  return faint;
})()"#;

/// Checks whether everything fits into the width of the window.
pub(crate) const FITS: &str = "document.documentElement.scrollWidth <= window.innerWidth";

/// Returns whether Azure has rated usage of this month by now; it takes up to a day.
fn month_has_usage() -> bool {
    day_of(Clock::system().now()).day() > 2
}

/// Starts the demo, and returns when every scope has been read.
pub(crate) fn demo() -> (Running, String) {
    let mut demo = Running::start(&["demo", "--web.listen-address", "127.0.0.1:0"]);
    let address = demo.address();
    // The open period and the previous one of each scope.
    for _ in 0..8 {
        demo.line_with("msg=read");
    }
    (demo, format!("http://{address}/"))
}

#[test]
fn the_page_of_the_demo_can_be_read_in_every_size_and_colour() {
    let (_demo, address) = demo();
    let mut chromium = Chromium::start();
    for look in LOOKS {
        chromium.look(look);
        chromium.open(&address);
        chromium.screenshot(look.name);
        let text = chromium.visible_text();
        for expected in [
            "Azure billing exporter",
            "every cost here is simulated",
            "demo-contoso",
            "demo-engineering",
            "✓ ok",
            "Cost to date",
            "Forecast for the month",
            " USD",
            " EUR",
            "Budget demo-all",
            " of 70,000.00 USD",
            "Cost by day",
            "Last success",
            "nested: part of a billing account, do not add both",
            "running since",
        ] {
            assert!(text.contains(expected), "{}: {expected:?} in\n{text}", look.name);
        }
        for expected in ["Costliest instances", "Costliest services", "Virtual Machines"] {
            let is_there = !month_has_usage() || text.contains(expected);
            assert!(is_there, "{}: {expected:?} in\n{text}", look.name);
        }
        assert_eq!(chromium.value(FITS), true, "{}", look.name);
        assert_eq!(chromium.value(FAINT), json!([]), "{}", look.name);
        assert_eq!(
            chromium.complaints, [""; 0],
            "the style sheet is allowed, and nothing else is asked for"
        );
    }
    // The colours follow the reader's preference.
    let paper = "getComputedStyle(document.body).backgroundColor";
    let dark = chromium.value(paper);
    chromium.look(LOOKS[0]);
    assert_ne!(chromium.value(paper), dark);
}

#[test]
fn the_page_has_pictures_landmarks_and_links_for_everybody() {
    let (_demo, address) = demo();
    let mut chromium = Chromium::start();
    chromium.open(&address);
    // The days, and the ten costliest, are drawn.
    assert!(
        chromium.value("document.querySelectorAll('svg.days rect').length").as_u64() > Some(100)
    );
    let ten = "document.querySelectorAll('.currency:first-of-type .costliest')[0].querySelectorAll('li svg.bar').length";
    if month_has_usage() {
        assert_eq!(chromium.value(ten), 10);
    }
    // Pictures have names, and there are landmarks and headings for those who hear the page.
    let unnamed = "document.querySelectorAll('svg:not([aria-label]):not([aria-hidden])').length";
    assert_eq!(chromium.value(unnamed), 0);
    let landmarks = "['header', 'nav', 'main', 'footer', 'h1', 'h2'].map(name => document.querySelectorAll(name).length > 0)";
    assert_eq!(chromium.value(landmarks), json!(vec![true; 6]));
    let links = "[...document.querySelectorAll('nav a')].map(link => link.getAttribute('href'))";
    let links = chromium.value(links);
    assert_eq!(
        links.as_array().map(|links| &links[..4]),
        json!(["metrics", "statement", "-/healthy", "-/ready"]).as_array().map(Vec::as_slice)
    );
    assert!(
        links[4]
            .as_str()
            .is_some_and(|link| link.starts_with("https://") && link.ends_with("/docs")),
        "{links}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_text_and_a_long_one_does_not_break_the_page() {
    let hostile =
        "<script>window.hacked=1</script><img src=x onerror=window.hacked=2>\"'`\n&lt;b&gt;\\";
    let long = "n".repeat(10_000);
    let rows = [
        row(hostile, "</style></svg>\"><b>Service", 12.5),
        row(&long, &"s".repeat(10_000), 7.0),
        row("refunded", "Storage", -3.0),
    ];
    let serving = Serving::start(&page(&rows), "").await.polled();
    let mut chromium = Chromium::start();
    for look in LOOKS {
        chromium.look(look);
        chromium.open(&format!("http://{}/", serving.address));
        chromium.screenshot(&format!("hostile-{}", look.name));
        let text = chromium.visible_text();
        assert!(
            text.contains(
                "<script>window.hacked=1</script><img src=x onerror=window.hacked=2>\"'`"
            ),
            "{text}"
        );
        assert!(text.contains("16.50 EUR") && text.contains("12.50 EUR"), "all, and one:\n{text}");
        assert!(
            text.contains("&lt;b&gt;\\") && text.contains("</style></svg>\"><b>Service"),
            "{text}"
        );
        assert_eq!(chromium.value("window.hacked === undefined && document.scripts.length === 0 && document.images.length === 0"), true);
        assert_eq!(chromium.value(FITS), true, "{}", look.name);
        let titles = "[...document.querySelectorAll('[title]')].filter(e => e.title.length === 1024 && /n~[0-9a-f]{32}$/.test(e.title)).length";
        assert_eq!(chromium.value(titles), 1, "the whole label is in a title");
        let cut = "n".repeat(991);
        let shown = format!(
            "[...document.querySelectorAll('.costliest .name')].find(e => e.innerText.startsWith('{cut}~')).getBoundingClientRect().height"
        );
        assert!(chromium.value(&shown).as_f64() < Some(40.0), "in one line");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_fails_says_why_and_what_to_do() {
    let azure = Server::start(vec![Answer::status(
        404,
        r#"{"code":"NotFound","message":"no such <b>department</b>"}"#,
    )])
    .await;
    let (_file, mut program, address) = serve_shop(&azure);
    program.line_with("poll failed");
    let mut chromium = Chromium::start();
    chromium.look(LOOKS[2]);
    chromium.open(&format!("http://{address}/"));
    chromium.screenshot("failed-phone-light");
    let text = chromium.visible_text();
    for expected in [
        "! failed",
        "The last poll failed (not_found)",
        "no such <b>department</b>",
        "What to do: check the type and the id of the scope",
        "none yet",
        "No costs yet.",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    assert_eq!(chromium.value("document.title"), "(1 failing) Azure billing exporter");
    assert_eq!(chromium.value(FAINT), json!([]));
}

/// Serves one department of an Azure.
fn serve_shop(azure: &Server) -> (tempfile::NamedTempFile, Running, String) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let config = format!(
        "azure: {{endpoint: \"{}\", auth: {{method: token, token: a-token}}, requests_per_minute: {{department: 100}}}}\nscopes: [{{department: \"1\", name: shop}}]\n",
        azure.endpoint
    );
    std::fs::write(file.path(), config).expect("room for a file");
    let path = file.path().to_str().expect("a path");
    let mut program =
        Running::start(&["serve", "--web.listen-address=127.0.0.1:0", "--config.file", path]);
    let address = program.address();
    (file, program, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_part_that_fails_and_charges_that_may_be_hidden_stand_above_the_costs() {
    let mut free: Vec<_> =
        (0..100).map(|number| row(&format!("vm-{number}"), "Virtual Machines", 0.0)).collect();
    let mut without_cost = row("vm-100", "Virtual Machines", 0.0);
    without_cost.as_object_mut().expect("a row").remove("cost");
    free.push(without_cost);
    let no_month = r#"{"code":"NotFound","message":"no such <b>period</b>"}"#;
    let azure =
        Server::with_history(vec![Answer::page(page(&free))], Answer::status(404, no_month)).await;
    let (_file, mut program, address) = serve_shop(&azure);
    program.line_with("older costs cannot be read");
    wait_until_polled(&address, &program);
    let mut chromium = Chromium::start();
    for look in LOOKS {
        chromium.look(look);
        chromium.open(&format!("http://{address}/"));
        chromium.screenshot(&format!("doubtful-{}", look.name));
        let text = chromium.visible_text();
        for expected in [
            "✓ ok",
            "Not read: the previous billing period (not_found)",
            "tried again by itself",
            "no such <b>period</b>",
            "What to do: check the type and the id of the scope",
            "Charges may be hidden.",
            "charges: free",
            "could not be read: 1 row without a cost (counted as 0).",
            "0.00 EUR",
        ] {
            assert!(text.contains(expected), "{}: {expected:?} in\n{text}", look.name);
        }
        assert!(!text.contains("The last poll failed"), "{text}");
        assert_eq!(chromium.value(FITS), true, "{}", look.name);
        assert_eq!(chromium.value(FAINT), json!([]), "{}", look.name);
    }
    assert_eq!(chromium.value("document.title"), "Azure billing exporter");
}
