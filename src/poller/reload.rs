//! Another configuration for scopes that are being polled.
//!
//! All of them are held at rest, their snapshots are made anew, and then everything is swapped at
//! once. A reading under way goes on as it began; what a poll reads after it, it reads as configured
//! now.

use std::sync::Arc;

use super::desk::{Desk, Settings};
use super::run::{Poller, World};
use crate::billing::ledger::TagKeys;
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeId;
use crate::config;
use crate::metrics::Renewed;
use crate::status::ScopeInfo;

/// A way to a scope whose poller may be at work.
#[derive(Clone)]
pub struct Handle(pub(super) Arc<Desk>);

impl Handle {
    /// Whose it is.
    pub fn id(&self) -> &ScopeId {
        &self.0.id
    }
}

/// A scope as it shall be read from now on.
pub struct Wanted {
    /// The scope.
    pub scope: config::Scope,
    /// What is published of it.
    pub rules: Rules,
    /// The tags it is read by.
    pub tag_keys: TagKeys,
}

/// Gives the scopes of some handles other settings, and makes pollers for those that have none. The
/// world holds the new client and the new times; its other parts are the old ones. Scopes that are
/// not wanted vanish, and their pollers are to be ended. Waits for publishes under way, so it blocks.
///
/// # Errors
/// Why nothing was changed: both are bugs.
pub fn reload(
    world: &World,
    handles: &[Handle],
    wanted: Vec<Wanted>,
) -> Result<Vec<Poller>, String> {
    if let Some(dead) = world.status.scopes().iter().find(|scope| scope.dead) {
        let label = &dead.info.label;
        return Err(format!("polling has ended for {label}; restart the exporter instead"));
    }
    let ids: Vec<ScopeId> = wanted.iter().map(|wanted| wanted.scope.id.clone()).collect();
    let mut held: Vec<_> = handles.iter().map(|handle| handle.0.lock()).collect();
    let mut renewed = Vec::with_capacity(wanted.len());
    let mut settings = Vec::with_capacity(wanted.len());
    for Wanted { scope, rules, tag_keys } in wanted {
        let (client, poll) = (world.client.clone(), world.poll);
        let info = ScopeInfo {
            label: scope.label.clone(),
            id: scope.id.clone(),
            nested: ScopeInfo::is_nested(&scope.id, &ids),
        };
        let new = Settings { client, poll, scope, rules, tag_keys };
        let place = handles.iter().position(|handle| *handle.id() == new.scope.id);
        let snapshot = place.and_then(|place| new.snapshot(&held[place].shelf.books));
        renewed.push(Renewed { info, interval: new.interval(), snapshot });
        settings.push((place, new));
    }
    world.exposition.renew(renewed).map_err(|error| {
        format!("the exposition cannot be written, please report this: {error}")
    })?;
    let mut added = Vec::new();
    for held in &mut held {
        held.removed = true;
    }
    for (place, new) in settings {
        let Some(place) = place else {
            added.push(new);
            continue;
        };
        let held = &mut held[place];
        held.removed = false;
        held.wants_days |= held.settings.asks_less_than(&new);
        held.settings = Arc::new(new);
    }
    drop(held);
    if let Some(store) = &world.store {
        store.keep_only(&ids);
    }
    for handle in handles {
        handle.0.changed.notify_one();
    }
    let poller = |new: Settings| Poller::new(world.clone(), new.scope, new.rules, new.tag_keys);
    Ok(added.into_iter().map(poller).collect())
}
