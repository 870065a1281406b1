//! Keeps lines that outsiders can bring about from filling the log.

use std::time::Duration;

use tokio::time::Instant;

/// The same text so often is news, for somebody who tries something out.
const MOST_REPEATS: u64 = 10;
/// After this it is news again.
const PERIOD: Duration = Duration::from_secs(60);

/// Lines of one kind. A text that differs from the one before always passes.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// The last text, when it was first logged, and how often since.
    last: Option<(String, Instant, u64)>,
    left_out: u64,
}

impl LogLimit {
    /// Asks to log a text. `None`: leave it out. Else it is logged, with how many were left out since the
    /// one before, if any were.
    pub fn pass(&mut self, text: &str) -> Option<LeftOut> {
        let now = Instant::now();
        match &mut self.last {
            Some((last, since, times)) if last == text && now < *since + PERIOD => {
                if *times >= MOST_REPEATS {
                    self.left_out += 1;
                    return None;
                }
                *times += 1;
            }
            _ => self.last = Some((text.to_owned(), now, 1)),
        }
        let left_out = std::mem::take(&mut self.left_out);
        Some((left_out > 0).then_some(left_out))
    }
}

/// How many lines of the same kind are missing before one; a field of that line.
pub type LeftOut = Option<u64>;

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_same_is_logged_ten_times_a_minute_and_the_rest_is_counted_in_the_next_line() {
        let mut limit = LogLimit::default();
        let passed = (0..10_000).filter(|_| limit.pass("the same") == Some(None)).count();
        assert_eq!(passed, 10);
        assert_eq!(limit.pass("another"), Some(Some(9_990)));
        assert_eq!(limit.pass("the same"), Some(None), "what changes is news");
        for minute in 0..3 {
            advance(PERIOD).await;
            let passed: Vec<_> = (0..100).filter_map(|_| limit.pass("the same")).collect();
            assert_eq!(passed.len(), 10);
            assert_eq!(passed[0], (minute > 0).then_some(90));
        }
    }
}
