//! Runs the poll loops: starts them, ends those whose scope a reload removes, and reports one that
//! ends by itself.

use std::future::pending;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tracing::error;

use crate::billing::scope::ScopeId;
use crate::poller::{Handle, Poller};
use crate::status::Status;

/// The poll loops. They end when this value is dropped.
#[derive(Default)]
pub(super) struct PollTasks {
    tasks: JoinSet<()>,
    running: Vec<Running>,
}

struct Running {
    handle: Handle,
    task: AbortHandle,
}

impl PollTasks {
    pub(super) fn start(&mut self, poller: Poller) {
        let handle = poller.handle();
        let task = self.tasks.spawn(poller.run());
        self.running.push(Running { handle, task });
    }

    /// Returns a handle to each scope, for a reload.
    pub(super) fn handles(&self) -> Vec<Handle> {
        self.running.iter().map(|running| running.handle.clone()).collect()
    }

    /// Ends the loops of all scopes except some, even while they wait.
    pub(super) fn keep_only(&mut self, scopes: &[ScopeId]) {
        self.running.retain(|running| {
            let keep = scopes.contains(running.handle.id());
            if !keep {
                running.task.abort();
            }
            keep
        });
    }

    /// Waits for loops that end by themselves and reports each. Only a bug ends a loop, and it must
    /// not go unnoticed. Never returns.
    pub(super) async fn watch(&mut self, status: &Status) {
        loop {
            match self.tasks.join_next_with_id().await {
                Some(ended) => self.report_death(ended, status),
                None => pending().await,
            }
        }
    }

    fn report_death(&self, ended: Result<(Id, ()), JoinError>, status: &Status) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        // A loop that a reload has ended is no longer in the list.
        if let Some(dead) = self.running.iter().find(|running| running.task.id() == id) {
            let scope = dead.handle.id();
            error!(%scope, "polling has ended because of a bug, restart the exporter and report this: {ended:?}");
            status.died(scope);
        }
    }

    /// Ends all loops and waits until they have ended.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::commands::wiring;
    use crate::config::{Config, Environment};
    use crate::metrics::BuildFlags;
    use crate::poller::PollContext;

    const TWO: &str = "azure: {endpoint: \"http://127.0.0.1:1\", auth: {method: token, token: x}}\nscopes: [{department: \"1\", name: shop}, {department: \"2\", name: web}]\n";

    fn polls(
        tasks: [Pin<Box<dyn Future<Output = ()> + Send>>; 2],
    ) -> (Config, PollContext, PollTasks) {
        let config = Config::from_yaml(TWO, &Environment::default()).unwrap();
        let context =
            wiring::context(&config, BuildFlags { demo: false, process: false }, &Arc::default())
                .unwrap();
        let mut polls = PollTasks::default();
        for (poller, task) in wiring::pollers(&config, &context).iter().zip(tasks) {
            let (handle, task) = (poller.handle(), polls.tasks.spawn(task));
            polls.running.push(Running { handle, task });
        }
        (config, context, polls)
    }

    #[tokio::test]
    async fn a_loop_that_panics_is_told_dead_and_one_that_a_reload_ends_is_not() {
        let (config, context, mut polls) =
            polls([Box::pin(pending()), Box::pin(async { panic!() })]);
        polls.keep_only(&[config.scopes[1].id.clone()]);
        let told = polls.watch(&context.status);
        assert!(timeout(Duration::from_millis(50), told).await.is_err(), "it goes on");
        let dead: Vec<bool> = context.status.scopes().iter().map(|scope| scope.dead).collect();
        assert_eq!(dead, [false, true]);
        assert!(polls.tasks.is_empty(), "both have ended");
    }
}
