//! The maximum number of series of each bounded family for one scope. The rest is folded, never
//! dropped, so that totals stay exact.

/// The maximum number of series of each family. 0 turns a family off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resources.
    pub instances: usize,
    /// Pairs of department and account.
    pub accounts: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Resource groups.
    pub resource_groups: usize,
    /// Regions.
    pub locations: usize,
    /// Cost centers.
    pub cost_centers: usize,
    /// Pairs of subscription and service.
    pub services: usize,
    /// Meters.
    pub meters: usize,
    /// Values of each tag key.
    pub tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 10_000,
            accounts: 1_000,
            subscriptions: 1_000,
            resource_groups: 10_000,
            locations: 1_000,
            cost_centers: 1_000,
            services: 10_000,
            meters: 1_000,
            tags: 1_000,
        }
    }
}
