//! The meaning of a receiver's answers, and what to do about them.

use http::StatusCode;

/// The reaction to an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The same request may succeed later.
    Later,
    /// The same request never succeeds; the text says what to do.
    Never(String),
}

/// The words for a sample that is too old, of Prometheus, Thanos and Mimir.
const TOO_OLD: [&str; 6] = [
    "out of bounds",
    "out of order",
    "out-of-order",
    "out-of-bounds",
    "too old",
    "too far in the past",
];

/// Interprets an answer. `days` is the age of the oldest sample.
pub(super) fn classify(status: StatusCode, body: &str, days: i64) -> Answer {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Answer::Later;
    }
    let text = body.to_lowercase();
    let remedy = match status {
        _ if TOO_OLD.iter().any(|words| text.contains(words)) => too_old(days),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "check --remote-write.authorization-file, and the tenant in --remote-write.header"
                .to_owned()
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "check the path: /api/v1/write for VictoriaMetrics and for Prometheus, which must be started with --web.enable-remote-write-receiver; /api/v1/push for Mimir; /api/v1/receive for Thanos".to_owned()
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            "allow bodies of a megabyte in the receiver and in the proxy before it".to_owned()
        }
        _ if status.is_redirection() => "give the address that it redirects to".to_owned(),
        _ => "look into the log of the receiver; if it refuses a name or a label, change the name in Azure or the --label".to_owned(),
    };
    Answer::Never(remedy)
}

/// Returns the settings to change. The window has some room: sending takes a while, and the
/// receiver's newest sample is not exactly now.
fn too_old(days: i64) -> String {
    let window = days + 7;
    format!(
        "the receiver refuses samples of the past. Allow them until the history is written: Prometheus: `storage.tsdb.out_of_order_time_window: {window}d` in its configuration file; Mimir: `limits.out_of_order_time_window: {window}d` of the tenant (and `past_grace_period` 0); Thanos Receive: --tsdb.out-of-order.time-window={window}d. Its retention must reach as far. Then run the same command again. Or write a file with --output and load it with promtool; see docs/history.md"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_old_samples_names_the_settings() {
        for body in [
            "out of bounds",
            "out of order sample",
            "user=x: the sample has been rejected because its timestamp is too old (err-mimir-sample-timestamp-too-old)",
            "store locally for endpoint: conflict: Out of bounds",
        ] {
            for status in [StatusCode::BAD_REQUEST, StatusCode::CONFLICT] {
                let Answer::Never(remedy) = classify(status, body, 1095) else { panic!("{body}") };
                for name in [
                    "storage.tsdb.out_of_order_time_window: 1102d",
                    "limits.out_of_order_time_window: 1102d",
                    "--tsdb.out-of-order.time-window=1102d",
                ] {
                    assert!(remedy.contains(name), "{remedy}");
                }
            }
        }
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        for status in [429, 500, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(classify(status, "out of bounds", 1), Answer::Later);
        }
        for (status, word) in [
            (400, "log of the receiver"),
            (401, "authorization-file"),
            (403, "authorization-file"),
            (404, "--web.enable-remote-write-receiver"),
            (413, "bodies"),
            (301, "redirects"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let Answer::Never(remedy) = classify(status, "no", 1) else { panic!("{status}") };
            assert!(remedy.contains(word), "{remedy}");
        }
    }
}
