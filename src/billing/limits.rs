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

impl Limits {
    /// Returns every limit with the key of its family in a configuration, except that of tags,
    /// which have keys of their own.
    pub fn by_family(&mut self) -> [(&'static str, &mut usize); 8] {
        [
            ("instances", &mut self.instances),
            ("accounts", &mut self.accounts),
            ("subscriptions", &mut self.subscriptions),
            ("resource_groups", &mut self.resource_groups),
            ("locations", &mut self.locations),
            ("cost_centers", &mut self.cost_centers),
            ("services", &mut self.services),
            ("meters", &mut self.meters),
        ]
    }
}

impl Limits {
    /// The limits of a configuration that says nothing about them.
    pub const DEFAULT: Self = Self {
        instances: 10_000,
        accounts: 1_000,
        subscriptions: 1_000,
        resource_groups: 10_000,
        locations: 1_000,
        cost_centers: 1_000,
        services: 10_000,
        meters: 1_000,
        tags: 1_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
