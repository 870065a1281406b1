//! Applies a new configuration to scopes that are being polled.
//!
//! All scopes are locked, their snapshots are made anew, and then everything is swapped at once. A
//! reading under way continues as it began; later readings of the same poll use the new
//! configuration.

use super::context::PollContext;
use super::run::Poller;
use super::scope_cell::{Handle, Settings};
use super::scope_spec::{ScopeSpec, scope_info};
use crate::billing::scope::ScopeId;
use crate::metrics::Renewed;
use crate::status::ScopeInfo;

/// Gives the scopes of `handles` their new settings, and returns pollers for new scopes. `context`
/// contains the new client and the new times; the rest of it is unchanged. Scopes missing in `spec`
/// are removed, and the caller must end their pollers. Waits for publishes under way, so it blocks.
///
/// # Errors
/// The reason why nothing was changed: a bug, here or in a poll.
pub fn reload(
    context: &PollContext,
    handles: &[Handle],
    spec: Vec<ScopeSpec>,
) -> Result<Vec<Poller>, String> {
    let infos: Vec<ScopeInfo> = spec.iter().map(|spec| scope_info(&spec.scope)).collect();
    let ids: Vec<ScopeId> = spec.iter().map(|spec| spec.scope.id.clone()).collect();
    let spec: Vec<Settings> = spec.into_iter().map(|spec| spec.settings(context)).collect();
    let mut state: Vec<_> = handles.iter().map(|handle| handle.0.lock()).collect();
    if let Some(broken) = handles.iter().find(|handle| handle.0.is_broken()) {
        let scope = broken.id();
        return Err(format!(
            "polling of {scope} has ended because of a bug; restart the exporter instead"
        ));
    }
    let place = |new: &Settings| handles.iter().position(|handle| *handle.id() == new.scope.id);
    let renewed = spec.iter().zip(infos).map(|(new, info)| {
        let snapshot = place(new).and_then(|place| state[place].snapshot(new));
        Renewed { info, interval: new.interval(), snapshot }
    });
    let renewed = renewed.collect();
    context.exposition.renew(renewed).map_err(|error| {
        format!("the exposition cannot be written, please report this: {error}")
    })?;
    for state in &mut state {
        state.removed = true;
    }
    let mut added = Vec::new();
    for new in spec {
        match place(&new) {
            Some(place) => state[place].read_as(new),
            None => added.push(new),
        }
    }
    drop(state);
    if let Some(store) = &context.store {
        store.keep_only(&ids);
    }
    for handle in handles {
        handle.0.changed.notify_one();
    }
    Ok(added.into_iter().map(|new| Poller::of(context.clone(), new)).collect())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use super::*;
    use crate::azure::{Client, Timeouts, transport};
    use crate::billing::daily_sums::TagKeys;
    use crate::billing::rules::Rules;
    use crate::config::{self, Config, Environment};
    use crate::metrics::{BuildFlags, Exposition, Format};
    use crate::poller::Clock;
    use crate::status::ApiCalls;
    use crate::status::Status;

    const SHOP: &str = "azure: {endpoint: \"http://127.0.0.1:1\", auth: {method: token, token: x}}\nscopes: [{department: \"1\", name: shop}]\n";

    fn spec(config: &Config) -> Vec<ScopeSpec> {
        let spec = |scope: &config::Scope| ScopeSpec {
            scope: scope.clone(),
            rules: Rules::default(),
            tag_keys: TagKeys::default(),
        };
        config.scopes.iter().map(spec).collect()
    }

    fn context(config: &Config) -> PollContext {
        let status = Status::new(config.scopes.iter().map(scope_info), config.poll.interval);
        let (status, calls) = (Arc::new(status), Arc::<ApiCalls>::default());
        let about = BuildFlags { demo: false, process: false };
        let http = transport::client(&config.azure.endpoint, &[]).unwrap();
        let transport = transport::over(http);
        PollContext {
            client: Arc::new(Client::new(
                &config.azure,
                transport,
                Timeouts::default(),
                calls.clone(),
            )),
            poll: config.poll,
            control: config.control,
            clock: Clock::standing_at(jiff::Timestamp::UNIX_EPOCH),
            exposition: Arc::new(Exposition::new(status.clone(), calls, about).unwrap()),
            status,
            store: None,
        }
    }

    #[test]
    fn books_that_a_bug_has_left_half_written_are_not_published_by_a_reload() {
        let config = Config::from_yaml(SHOP, &Environment::default()).unwrap();
        let context = context(&config);
        let handles: Vec<Handle> = spec(&config)
            .into_iter()
            .map(|spec| Poller::new(context.clone(), spec).handle())
            .collect();
        assert!(reload(&context, &handles, spec(&config)).is_ok());
        let half_written = AssertUnwindSafe(|| {
            let _held = handles[0].0.lock();
            panic!("a bug");
        });
        assert!(catch_unwind(half_written).is_err());
        let before = context.exposition.scrape(Format::Text).unwrap();
        let renamed = SHOP.replace("shop", "retail");
        let renamed = Config::from_yaml(&renamed, &Environment::default()).unwrap();
        let refused = reload(&context, &handles, spec(&renamed)).err().unwrap();
        assert!(refused.contains("department/1 has ended because of a bug"), "{refused}");
        assert_eq!(context.exposition.scrape(Format::Text).unwrap(), before);
    }
}
