//! The rows of a day that are not the usage of a resource.

use jiff::civil::Date;

/// The charge of a row. Every charge but usage has its fixed places at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Charge {
    /// A resource's usage.
    Usage,
    /// Usage that names neither resource nor region.
    NoResource,
    /// Usage of another publisher's product.
    MarketplaceUsage,
    /// Usage of another publisher's product from before the period that bills it.
    LateThirdParty,
    MarketplaceSubscription,
    MarketplacePurchase,
    ReservationInstallment,
    ReservationPurchase,
    Refund,
    /// Azure shows this charge in the amortized view alone; here both views do, so that a reading
    /// of either meets every charge type.
    UnusedReservation,
    /// A rounding of next to nothing, in enrollments without rounding rows.
    RoundingAdjustment,
    /// The rounding of a part of a closed month, see [`super::rounding`].
    Rounding(Part),
}

/// The part of a month's balance that a charge is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// Charges that the prepayment pays for while there is any.
    Credit,
    /// Services of Azure's that are billed separately.
    Separate,
    /// Products of other publishers.
    Marketplace,
}

impl Part {
    /// Every part.
    pub(super) const ALL: [Self; 3] = [Self::Credit, Self::Separate, Self::Marketplace];
}

impl Charge {
    /// Returns whether the charge has a subscription. Purchases have none, and show at the billing
    /// account alone.
    pub(super) fn has_subscription(self) -> bool {
        matches!(
            self,
            Self::Usage | Self::NoResource | Self::MarketplaceUsage | Self::LateThirdParty
        )
    }

    /// Returns whether the amortized view spreads the charge over usage, so that it has no rows
    /// there.
    pub(super) fn is_reservation_purchase(self) -> bool {
        matches!(self, Self::ReservationInstallment | Self::ReservationPurchase | Self::Refund)
    }

    pub(super) fn is_marketplace(self) -> bool {
        self.part() == Part::Marketplace
    }

    /// Returns the part of the balance. Usage without a resource is what the prepayment does not
    /// cover, so that every enrollment has some of each part on every day.
    pub(super) fn part(self) -> Part {
        match self {
            Self::MarketplaceUsage
            | Self::LateThirdParty
            | Self::MarketplaceSubscription
            | Self::MarketplacePurchase => Part::Marketplace,
            Self::NoResource => Part::Separate,
            Self::Rounding(part) => part,
            _ => Part::Credit,
        }
    }

    pub(super) fn is_rounding(self) -> bool {
        matches!(self, Self::RoundingAdjustment | Self::Rounding(_))
    }

    /// Returns the API's `chargeType`.
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
            Self::RoundingAdjustment | Self::Rounding(_) => "RoundingAdjustment",
        }
    }

    /// Returns the API's `frequency`.
    pub(super) fn frequency(self) -> &'static str {
        match self {
            Self::MarketplaceSubscription | Self::ReservationInstallment => "Recurring",
            Self::MarketplacePurchase
            | Self::ReservationPurchase
            | Self::Refund
            | Self::RoundingAdjustment
            | Self::Rounding(_) => "OneTime",
            _ => "UsageBased",
        }
    }
}

/// The number of places that a day reserves for rows which are not a resource's usage.
pub(super) const PLACES: u64 = 8;

/// Returns the charge in a place on a date; usage where no other charge is due.
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
