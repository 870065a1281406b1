//! Shares the work of writing an exposition between all cores.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Returns the results of some jobs, in the order of their numbers. Each core takes the next job
/// when it is free.
pub fn parallel_map<T: Send>(jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                return done;
            }
            done.push((number, job(number)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(jobs);
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_is_done_once_and_told_in_its_place() {
        for jobs in [0, 1, 2, 1000] {
            let counts: Vec<AtomicUsize> = (0..jobs).map(|_| AtomicUsize::new(0)).collect();
            let done = parallel_map(jobs, |number| {
                counts[number].fetch_add(1, Ordering::Relaxed);
                number * 2
            });
            assert_eq!(done, (0..jobs).map(|number| number * 2).collect::<Vec<_>>());
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn a_panic_of_a_job_is_a_panic_of_all() {
        let panics = || parallel_map(100, |number| assert_ne!(number, 57));
        assert!(std::panic::catch_unwind(panics).is_err());
    }
}
