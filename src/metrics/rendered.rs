//! The result of a publish, which scrapes share: the billing families as text and compressed, and
//! what the status page shows of them. It is made as a whole, away from the lock of readers, and
//! then swapped in.

use std::fmt::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use exporter_web::CachedText;

use super::billing::{self, Published};
use crate::billing::overview::Overview;
use crate::billing::scope::ScopeId;
use crate::billing::snapshot::Snapshot;
use crate::status::ScopeInfo;

/// The billing families of one moment.
#[derive(Debug)]
pub(super) struct Rendered {
    /// OpenMetrics text without its end, which is text 0.0.4 as well.
    pub(super) text: Arc<CachedText>,
    /// The overviews of the scopes, in the order of the configuration.
    pub(super) overviews: Vec<Option<Arc<Overview>>>,
}

/// The newest rendered state, and the snapshots it is made from.
#[derive(Debug)]
pub(super) struct Publisher {
    latest: Mutex<Latest>,
    /// The version of the snapshots that were last rendered. Locked while rendering, by one publish
    /// at a time; only other publishes wait for it.
    rendering: Mutex<u64>,
    rendered: RwLock<Arc<Rendered>>,
}

#[derive(Clone, Debug, Default)]
struct Latest {
    version: u64,
    snapshots: Vec<Published>,
    overviews: Vec<Option<Arc<Overview>>>,
}

impl Latest {
    fn place(&self, scope: &ScopeId) -> Option<usize> {
        self.snapshots.iter().position(|(info, _)| info.id == *scope)
    }

    /// Returns what is published of a scope.
    fn of(&self, scope: &ScopeId) -> (Option<Arc<Snapshot>>, Option<Arc<Overview>>) {
        let Some(place) = self.place(scope) else { return (None, None) };
        (self.snapshots[place].1.clone(), self.overviews[place].clone())
    }
}

impl Publisher {
    /// Returns a publisher of scopes that have not been read yet.
    pub(super) fn new(scopes: Vec<ScopeInfo>) -> Result<Self, Error> {
        let overviews = scopes.iter().map(|_| None).collect();
        let snapshots = scopes.into_iter().map(|scope| (scope, None)).collect();
        let latest = Latest { version: 0, snapshots, overviews };
        let rendered = render(latest.clone())?;
        Ok(Self {
            latest: Mutex::new(latest),
            rendering: Mutex::new(0),
            rendered: RwLock::new(Arc::new(rendered)),
        })
    }

    /// Replaces the last snapshot of a scope. If several publishes wait for each other, the first
    /// that continues renders for all of them.
    pub(super) fn publish(&self, scope: &ScopeId, snapshot: Snapshot) -> Result<(), Error> {
        let overview = Arc::new(Overview::of(&snapshot));
        let Some(version) = self.replace(scope, Arc::new(snapshot), overview) else {
            return Ok(());
        };
        let mut done = locked(&self.rendering);
        if *done >= version {
            return Ok(());
        }
        let latest = locked(&self.latest).clone();
        let version = latest.version;
        let rendered = Arc::new(render(latest)?);
        *done = version;
        self.swap(rendered);
        Ok(())
    }

    /// Replaces all scopes, each with a new snapshot; a scope without one keeps what was published
    /// of it. `swap` decides when readers see the change.
    pub(super) fn renew(
        &self,
        scopes: Vec<(ScopeInfo, Option<Snapshot>)>,
        swap: impl FnOnce(&dyn Fn()),
    ) -> Result<(), Error> {
        let mut done = locked(&self.rendering);
        let mut latest = locked(&self.latest);
        let mut renewed = Latest { version: latest.version + 1, ..Latest::default() };
        for (info, snapshot) in scopes {
            let (snapshot, overview) = match snapshot {
                Some(new) => {
                    let overview = Overview::of(&new);
                    (Some(Arc::new(new)), Some(Arc::new(overview)))
                }
                None => latest.of(&info.id),
            };
            renewed.snapshots.push((info, snapshot));
            renewed.overviews.push(overview);
        }
        let rendered = Arc::new(render(renewed.clone())?);
        *done = renewed.version;
        *latest = renewed;
        // Freed after readers continue, because that takes a while.
        let _old = self.rendered();
        swap(&|| self.swap(rendered.clone()));
        Ok(())
    }

    fn swap(&self, rendered: Arc<Rendered>) {
        let mut place = self.rendered.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *place, rendered);
        // Freeing half a gigabyte takes a while, so it happens after the lock is released.
        drop(place);
        drop(old);
    }

    pub(super) fn rendered(&self) -> Arc<Rendered> {
        self.rendered.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores a snapshot and returns its version; `None` if a reload has removed the scope.
    fn replace(
        &self,
        scope: &ScopeId,
        snapshot: Arc<Snapshot>,
        overview: Arc<Overview>,
    ) -> Option<u64> {
        let mut latest = locked(&self.latest);
        let place = latest.place(scope)?;
        latest.snapshots[place].1 = Some(snapshot);
        latest.overviews[place] = Some(overview);
        latest.version += 1;
        Some(latest.version)
    }
}

fn render(latest: Latest) -> Result<Rendered, Error> {
    let text = billing::render(latest.snapshots)?;
    // Writing to memory does not fail.
    let text = CachedText::new(text).map_err(|_| Error)?;
    Ok(Rendered { text: Arc::new(text), overviews: latest.overviews })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
