//! Keeps lines that outsiders can cause from filling the log.

use std::time::Duration;

use tokio::time::Instant;

/// The number of times that the same text is logged in a period: a user who tries something must
/// see each result.
const MOST_REPEATS: u64 = 10;
/// The time after which the count of a repeated text starts again.
const PERIOD: Duration = Duration::from_secs(60);

/// Limits lines of one kind. A text that differs from the previous one is always logged.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// The last text, the time it was first logged, and how often it was logged since.
    last: Option<(String, Instant, u64)>,
    left_out: u64,
}

impl LogLimit {
    /// Returns `None` if a text must not be logged; otherwise, how many lines were left out since
    /// the previous one, if any.
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

/// The number of lines of the same kind that were left out before a line; a field of that line.
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
