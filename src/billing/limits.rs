//! How many series each bounded family may have for one scope. What is beyond is folded, never
//! dropped, so that totals stay exact.

/// The most series of each family. 0 turns a family off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resources.
    pub instances: usize,
    /// Department and account together.
    pub accounts: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Resource groups.
    pub resource_groups: usize,
    /// Regions.
    pub locations: usize,
    /// Cost centers.
    pub cost_centers: usize,
    /// Services by subscription.
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
