//! The rows of a day that are not the usage of a resource.

use jiff::civil::Date;

/// What a row charges for. Everything but usage has its fixed places at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Charge {
    /// A resource's usage.
    Usage,
    /// Usage that names neither resource nor region.
    NoResource,
    /// Usage of another publisher's product.
    MarketplaceUsage,
    /// Such usage from before the period that bills it.
    LateThirdParty,
    MarketplaceSubscription,
    MarketplacePurchase,
    ReservationInstallment,
    ReservationPurchase,
    Refund,
    /// Azure shows it in the amortized view alone; here both views do, so that a reading of either
    /// meets every charge type.
    UnusedReservation,
    RoundingAdjustment,
}

impl Charge {
    /// Purchases belong to no subscription, and show at the billing account alone.
    pub(super) fn has_subscription(self) -> bool {
        matches!(
            self,
            Self::Usage | Self::NoResource | Self::MarketplaceUsage | Self::LateThirdParty
        )
    }

    /// Spread over usage in the amortized view, thus no rows of their own there.
    pub(super) fn is_reservation_purchase(self) -> bool {
        matches!(self, Self::ReservationInstallment | Self::ReservationPurchase | Self::Refund)
    }

    pub(super) fn is_marketplace(self) -> bool {
        matches!(
            self,
            Self::MarketplaceUsage
                | Self::LateThirdParty
                | Self::MarketplaceSubscription
                | Self::MarketplacePurchase
        )
    }

    /// The API's `chargeType`.
    pub(super) fn charge_type(self) -> &'static str {
        match self {
            Self::Usage | Self::NoResource | Self::MarketplaceUsage | Self::LateThirdParty => {
                "Usage"
            }
            Self::MarketplaceSubscription
            | Self::MarketplacePurchase
            | Self::ReservationInstallment
            | Self::ReservationPurchase => "Purchase",
            Self::Refund => "Refund",
            Self::UnusedReservation => "UnusedReservation",
            Self::RoundingAdjustment => "RoundingAdjustment",
        }
    }

    /// The API's `frequency`.
    pub(super) fn frequency(self) -> &'static str {
        match self {
            Self::MarketplaceSubscription | Self::ReservationInstallment => "Recurring",
            Self::MarketplacePurchase
            | Self::ReservationPurchase
            | Self::Refund
            | Self::RoundingAdjustment => "OneTime",
            _ => "UsageBased",
        }
    }
}

/// Places that a day keeps for rows which are not a resource's usage.
pub(super) const PLACES: u64 = 8;

/// The charge in a place on a date; usage where nothing else is due.
pub(super) fn due(date: Date, place: u64) -> Charge {
    match (place, date.day()) {
        (0, _) => Charge::MarketplaceUsage,
        (1, _) => Charge::UnusedReservation,
        (2, 1) => Charge::ReservationInstallment,
        (2, 8 | 20) => Charge::ReservationPurchase,
        (3, 1) => Charge::MarketplaceSubscription,
        (3, 15) => Charge::MarketplacePurchase,
        (4, 10 | 24) => Charge::Refund,
        (5, day) if day == date.days_in_month() => Charge::RoundingAdjustment,
        (6, _) => Charge::NoResource,
        (7, 2 | 3) => Charge::LateThirdParty,
        _ => Charge::Usage,
    }
}
