//! Clients that may reload the configuration: those that may read the metrics, and with the same
//! limit.

use crate::clients::curl;
use crate::serving::{Serving, USER, hash, page, row};

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_those_who_ask_too_often_reload_nothing() {
    let users = format!("basic_auth_users: {{prometheus: {}}}\n", hash());
    let rows = page(&[row("vm", "Microsoft.Compute", 1.0)]);
    let mut serving = Serving::start(&rows, &users).await;
    let address = format!("http://{}/-/reload", serving.address);
    let post = |arguments: &[&str]| {
        let answer = curl(&[&["-X", "POST", &address], arguments].concat()).expect("an answer");
        (answer.status, answer.text().to_owned())
    };
    std::fs::write(serving.path("config.yaml"), "nonsense").expect("the file can be written");
    assert_eq!(post(&[]).0, 401);
    assert_eq!(post(&["-u", "prometheus:wrong"]).0, 401);
    let (status, answer) = post(&["-u", USER]);
    assert!(status == 500 && answer.contains("config.yaml:1: "), "{answer}");
    serving.change(&format!("{users}rate_limit: {{interval: 1h, burst: 1}}\n"), "has changed");
    assert_eq!(post(&["-u", USER]).0, 500);
    assert_eq!(post(&["-u", USER]).0, 429);
    serving.program.signal("TERM");
    let read = serving.program.lines_to_the_end().iter();
    let read = read.filter(|line| line.contains("the configuration stays as it was"));
    assert_eq!(read.count(), 2, "only those that were let in");
}
