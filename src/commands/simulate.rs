//! `simulate`: the simulated Azure API alone, until a signal stops it.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Result;
use exporter_web::{Timeouts, serve};
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::serve::bind;
use super::signals::{Signals, stopped};
use crate::cli::{EnrollmentArgs, SimulateArgs};
use crate::poller::Clock;
use azure_billing_simulator::{ControlOptions, Options, Simulator};

pub(super) async fn run(args: &SimulateArgs) -> Result<()> {
    let signals = Signals::listen()?;
    let enrollment = enrollment(&args.enrollment);
    let simulator = simulator(Options {
        requests_per_minute: args.requests_per_minute,
        error_rate: args.error_rate,
        latency: args.latency,
        control: ControlOptions { ahead: args.totals_ahead, ..enrollment.control },
        ..enrollment
    });
    let listeners = bind(&args.listen_address)?;
    warn!("this is a simulation: no cost in its answers is real");
    for scope in simulator.scopes() {
        info!(kind = scope.kind, id = scope.id, name = scope.name, "simulated scope");
    }
    let mut servers = JoinSet::new();
    for listener in listeners {
        info!(address = %listener.local_addr()?, "simulating Azure; any bearer token will do");
        servers.spawn(serve(
            listener,
            simulator.router(),
            Arc::default(),
            Timeouts::default(),
            stopped(signals.stop.clone()),
        ));
    }
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

/// Returns the options of an enrollment: the defaults, changed by the flags.
pub(super) fn enrollment(args: &EnrollmentArgs) -> Options {
    let options = Options {
        seed: args.seed,
        days: args.days,
        resources: args.resources as usize,
        surges: args.surge.clone(),
        outage_days: args.outage_days,
        currency: args.currency,
        control: ControlOptions {
            rounding_rows_after: args.rounding_after,
            ..ControlOptions::default()
        },
        ..Options::default()
    };
    match args.rows {
        Some(rows) => options.total_rows(rows),
        None => options,
    }
}

/// Returns an enrollment whose history ends now, by the system's clock.
pub(super) fn simulator(options: Options) -> Simulator {
    let clock = Clock::system();
    Simulator::new(options, Arc::new(move || clock.now()))
}

/// Returns a listener for internal use, on a free port of this machine.
pub(super) fn private_listener() -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
}
