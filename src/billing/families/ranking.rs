//! The choice of entities that keep their series in each bounded family. Sums that are ranked are
//! folded at once; sums over a part of the same rows follow the same ranking.

use super::{
    Bound, Folded, Kept, Tables, accounts, cost_centers, instances, locations, meters,
    resource_groups, services, subscriptions, tags,
};
use crate::billing::interner::Sorted;
use crate::billing::limits::Limits;

/// The entities of each bounded family that keep their series.
pub(crate) struct Ranking {
    instances: Kept,
    meters: Kept,
    accounts: Kept,
    subscriptions: Kept,
    resource_groups: Kept,
    locations: Kept,
    cost_centers: Kept,
    services: Kept,
    tags: Kept,
}

impl Tables {
    /// Folds what exceeds the limits into `__other__`, and returns the entities that keep their
    /// series. Symbols must be in the order of their texts, which decides ties.
    pub(crate) fn fold(
        &mut self,
        limits: &Limits,
        strings: &Sorted,
        folded: &mut Folded,
    ) -> Ranking {
        let fold = &mut |bound: Bound| bound.of(limits, strings);
        let of_instances = fold(instances::BOUND);
        let instances = of_instances.fold(&mut self.instance_cost, folded);
        of_instances.fold_like(&instances, &mut self.instance_usage);
        let of_meters = fold(meters::BOUND);
        let meters = of_meters.fold(&mut self.meter_cost, folded);
        of_meters.fold_like(&meters, &mut self.meter_usage);
        Ranking {
            instances,
            meters,
            accounts: fold(accounts::BOUND).fold(&mut self.account_cost, folded),
            subscriptions: fold(subscriptions::BOUND).fold(&mut self.subscription_cost, folded),
            resource_groups: fold(resource_groups::BOUND)
                .fold(&mut self.resource_group_cost, folded),
            locations: fold(locations::BOUND).fold(&mut self.location_cost, folded),
            cost_centers: fold(cost_centers::BOUND).fold(&mut self.cost_center_cost, folded),
            services: fold(services::BOUND).fold(&mut self.service_cost, folded),
            tags: fold(tags::BOUND).fold(&mut self.tag_cost, folded),
        }
    }

    /// Folds sums of some of the rows in the same way as those of all rows: an entity keeps its
    /// series, whatever its share of these rows is.
    pub(crate) fn fold_like(&mut self, ranking: &Ranking, limits: &Limits, strings: &Sorted) {
        let fold = &mut |bound: Bound| bound.of(limits, strings);
        let bound = fold(instances::BOUND);
        bound.fold_like(&ranking.instances, &mut self.instance_cost);
        bound.fold_like(&ranking.instances, &mut self.instance_usage);
        let bound = fold(meters::BOUND);
        bound.fold_like(&ranking.meters, &mut self.meter_cost);
        bound.fold_like(&ranking.meters, &mut self.meter_usage);
        fold(accounts::BOUND).fold_like(&ranking.accounts, &mut self.account_cost);
        fold(subscriptions::BOUND).fold_like(&ranking.subscriptions, &mut self.subscription_cost);
        fold(resource_groups::BOUND)
            .fold_like(&ranking.resource_groups, &mut self.resource_group_cost);
        fold(locations::BOUND).fold_like(&ranking.locations, &mut self.location_cost);
        fold(cost_centers::BOUND).fold_like(&ranking.cost_centers, &mut self.cost_center_cost);
        fold(services::BOUND).fold_like(&ranking.services, &mut self.service_cost);
        fold(tags::BOUND).fold_like(&ranking.tags, &mut self.tag_cost);
    }
}
