//! The simulated Azure on a socket, whose clock stands still between steps, and its twin without
//! faults.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use azure_billing_simulator::{Now, Options, Simulator};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The time between two refreshes of the source.
const REFRESH: SignedDuration = SignedDuration::from_hours(4);

/// A simulated Azure that goes through the last days in steps, up to now.
pub(crate) struct Source {
    pub(crate) endpoint: String,
    pub(crate) simulator: Simulator,
    options: Options,
    /// The source's time at the first step.
    base: Timestamp,
    /// The current step.
    step: Arc<AtomicUsize>,
    steps: usize,
    /// The start of each step so far.
    began: Vec<Timestamp>,
    runtime: Runtime,
}

impl Source {
    /// Starts a source on a free port, `steps - 1` refreshes before the newest one.
    pub(crate) fn start(options: Options, steps: usize, now: Timestamp) -> Self {
        let refresh = REFRESH.as_secs();
        let newest = now.as_second().div_euclid(refresh) * refresh;
        let back = refresh * i64::try_from(steps - 1).expect("few steps");
        let base = Timestamp::from_second(newest - back).expect("a time");
        let step = Arc::new(AtomicUsize::new(0));
        let simulator = Simulator::new(options.clone(), time(base, step.clone()));
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = simulator.router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, simulator, options, base, step, steps, began: vec![now], runtime }
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the source's day at the first step.
    pub(crate) fn first_day(&self) -> Date {
        azure_billing_exporter::billing::period::day_of(self.base)
    }

    /// Returns the current step.
    pub(crate) fn step(&self) -> usize {
        self.began.len() - 1
    }

    /// Goes on to the next step, if there is one.
    pub(crate) fn go_on(&mut self, now: Timestamp) {
        if self.began.len() < self.steps {
            self.began.push(now);
            self.step.store(self.step(), Ordering::SeqCst);
        }
    }

    /// Returns the step at a moment, or the one before it where that is not certain.
    pub(crate) fn step_at(&self, moment: Timestamp) -> usize {
        let margin = SignedDuration::from_secs(1);
        let surely = |began: &&Timestamp| **began + margin <= moment;
        self.began.iter().filter(surely).count().saturating_sub(1)
    }

    /// Returns the same data as at a step, without faults and quotas.
    pub(crate) fn twin_at(&self, step: usize) -> Router {
        let options =
            Options { error_rate: 0.0, requests_per_minute: None, ..self.options.clone() };
        let place = Arc::new(AtomicUsize::new(0));
        // Its history ends where that of the source does; then it is moved to the step.
        let twin = Simulator::new(options, time(self.base, place.clone()));
        place.store(step, Ordering::SeqCst);
        twin.router()
    }

    /// Waits for work that runs beside the source.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

fn time(base: Timestamp, step: Arc<AtomicUsize>) -> Now {
    Arc::new(move || {
        let step = i32::try_from(step.load(Ordering::SeqCst)).unwrap_or(i32::MAX);
        base + REFRESH * step
    })
}
