//! The enrollment: its departments, accounts, subscriptions and resources.

use super::{
    catalog::{KINDS, Kind, REGIONS, Region},
    chance::{Chance, mix},
};

/// The enrollment number.
pub(super) const BILLING_ACCOUNT: &str = "100000";
/// The enrollment's name.
pub(super) const BILLING_ACCOUNT_NAME: &str = "Contoso, Ltd.";

/// The departments. Each has two accounts, in this order.
pub(super) static DEPARTMENTS: [Department; 3] = [
    Department { id: "1001", name: "Engineering", cost_center: "ENG9000" },
    Department { id: "1002", name: "Retail", cost_center: "RET4100" },
    Department { id: "1003", name: "Operations", cost_center: "" },
];

/// The enrollment accounts. Each has two subscriptions, in this order.
pub(super) static ACCOUNTS: [Account; 6] = [
    Account { id: "2001", name: "Platform", owner: "platform@contoso.com", currency: "USD" },
    Account { id: "2002", name: "Data", owner: "data@contoso.com", currency: "USD" },
    Account { id: "2003", name: "Shop", owner: "shop@contoso.com", currency: "USD" },
    Account { id: "2004", name: "Stores", owner: "stores@contoso.com", currency: "USD" },
    Account { id: "2005", name: "Workplace", owner: "workplace@contoso.com", currency: "USD" },
    Account { id: "2006", name: "Europe", owner: "europe@contoso.com", currency: "EUR" },
];

/// Names of the subscriptions; their ids are [`subscription_id`].
pub(super) static SUBSCRIPTIONS: [&str; 12] = [
    "platform-prod",
    "platform-dev",
    "data-prod",
    "data-lab",
    "shop-prod",
    "shop-test",
    "stores-prod",
    "stores-edge",
    "workplace",
    "workplace-sandbox",
    "europe-prod",
    "europe-dev",
];

/// The share of the resources in each subscription; the European ones have few.
const SUBSCRIPTION_WEIGHTS: [u64; 12] = [18, 8, 16, 6, 18, 5, 10, 4, 6, 3, 4, 2];

static TEAMS: [&str; 6] = ["web", "search", "checkout", "ledger", "ml", "core"];
static ENVIRONMENTS: [&str; 3] = ["prod", "test", "dev"];

/// A department.
pub(super) struct Department {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) cost_center: &'static str,
}

/// An enrollment account.
pub(super) struct Account {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) owner: &'static str,
    pub(super) currency: &'static str,
}

/// The form of the tags in the rows of one resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    Object,
    /// An object whose values need JSON escapes.
    Escaped,
    Null,
    Absent,
    EmptyList,
}

/// The properties of a resource that are the same in every row.
pub(super) struct Resource {
    pub(super) number: u64,
    pub(super) subscription: u8,
    pub(super) kind: &'static Kind,
    pub(super) region: &'static Region,
    pub(super) team: &'static str,
    pub(super) environment: &'static str,
    pub(super) tags: Tags,
    /// The size, in percent of the usual one.
    pub(super) size: i64,
    /// The price paid, in 10^-3 of the list price.
    pub(super) discount: i64,
    /// True if a reservation pays for its compute hours.
    pub(super) reserved: bool,
}

/// Returns the subscription of a resource. Separate from [`resource`], because readings need only
/// this of rows that they skip.
pub(super) fn subscription_of(seed: u64, number: u64) -> u8 {
    if number < SUBSCRIPTIONS.len() as u64 {
        return number as u8; // no subscription stays empty
    }
    let mut chance = Chance::new(mix(seed ^ 0x5B5C, number));
    chance.weighted(SUBSCRIPTION_WEIGHTS.into_iter()) as u8
}

/// Returns resource `number` of the enrollment that `seed` makes.
pub(super) fn resource(seed: u64, number: u64) -> Resource {
    let mut chance = Chance::new(mix(seed ^ 0x2E50, number));
    let kind = &KINDS[chance.weighted(KINDS.iter().map(|kind| kind.weight))];
    let region = &REGIONS[chance.weighted(REGIONS.iter().map(|region| region.weight))];
    // As in real bills, a few are very large and most are small.
    let size = [25, 50, 100, 100, 150, 200, 400, 1600][chance.below(8) as usize];
    Resource {
        number,
        subscription: subscription_of(seed, number),
        kind,
        region,
        team: TEAMS[chance.below(TEAMS.len() as u64) as usize],
        environment: ENVIRONMENTS[chance.weighted([5, 2, 3].into_iter())],
        tags: match chance.below(20) {
            0..11 => Tags::Object,
            11 => Tags::Escaped,
            12..16 => Tags::Null,
            16..18 => Tags::Absent,
            _ => Tags::EmptyList,
        },
        size,
        discount: if chance.percent(30) { 1000 } else { 880 + chance.below(100) as i64 },
        reserved: chance.percent(15),
    }
}

impl Resource {
    /// Returns its name, unique in the enrollment.
    pub(super) fn name(&self) -> String {
        let (prefix, number) = (self.kind.prefix, self.number.to_string());
        let zeros = "00000".get(number.len()..).unwrap_or("");
        [prefix, "-", self.team, "-", self.environment, "-", zeros, &number].concat()
    }

    /// Returns its resource group, with capitals as people write them.
    pub(super) fn group(&self) -> String {
        ["RG-", self.team, "-", self.environment].concat()
    }

    /// Returns its ARM id as it was spelled at creation.
    pub(super) fn id(&self) -> String {
        self.id_of(&self.group(), &self.name())
    }

    /// Returns its ARM id, made from its group and name, which the caller knows already.
    pub(super) fn id_of(&self, group: &str, name: &str) -> String {
        let (subscription, kind) = (subscription_id(self.subscription), self.kind);
        let (path, server) = match kind.path.split_once('/') {
            None => ([kind.path, "/", "", ""], ""),
            Some((parent, child)) => ([parent, "/", self.team, "-server/"], child),
        };
        let slash = if server.is_empty() { "" } else { "/" };
        let start = ["/subscriptions/", &subscription, "/resourceGroups/", group, "/providers/"];
        let [parent, separator, team, suffix] = path;
        let end = [kind.provider, "/", parent, separator, team, suffix, server, slash, name];
        let mut id = String::with_capacity(192);
        id.extend(start.into_iter().chain(end));
        id
    }
}

/// A scope whose usage can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    BillingAccount,
    Department(u8),
    Account(u8),
    Subscription(u8),
}

impl Scope {
    /// Returns every scope of the enrollment, largest first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::BillingAccount)
            .chain((0..DEPARTMENTS.len() as u8).map(Self::Department))
            .chain((0..ACCOUNTS.len() as u8).map(Self::Account))
            .chain((0..SUBSCRIPTIONS.len() as u8).map(Self::Subscription))
    }

    /// Returns the scope of a kind and an id, if the enrollment has it.
    pub(super) fn find(kind: &str, id: &str) -> Option<Self> {
        Self::all().find(|scope| scope.kind() == kind && scope.id().eq_ignore_ascii_case(id))
    }

    /// Returns `billing_account`, `department`, `enrollment_account` or `subscription`.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::BillingAccount => "billing_account",
            Self::Department(_) => "department",
            Self::Account(_) => "enrollment_account",
            Self::Subscription(_) => "subscription",
        }
    }

    pub(super) fn id(self) -> String {
        match self {
            Self::BillingAccount => BILLING_ACCOUNT.into(),
            Self::Department(place) => DEPARTMENTS[usize::from(place)].id.into(),
            Self::Account(place) => ACCOUNTS[usize::from(place)].id.into(),
            Self::Subscription(place) => subscription_id(place),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BillingAccount => BILLING_ACCOUNT_NAME,
            Self::Department(place) => DEPARTMENTS[usize::from(place)].name,
            Self::Account(place) => ACCOUNTS[usize::from(place)].name,
            Self::Subscription(place) => SUBSCRIPTIONS[usize::from(place)],
        }
    }

    /// Returns whether the scope shows rows of a subscription, or of none. Purchases have none, and
    /// show at the billing account alone.
    pub(super) fn contains(self, subscription: Option<u8>) -> bool {
        match (self, subscription) {
            (Self::BillingAccount, _) => true,
            (_, None) => false,
            (Self::Department(place), Some(subscription)) => subscription / 4 == place,
            (Self::Account(place), Some(subscription)) => subscription / 2 == place,
            (Self::Subscription(place), Some(subscription)) => subscription == place,
        }
    }
}

/// Returns the department that a subscription is charged to.
pub(super) fn department_of(subscription: u8) -> &'static Department {
    &DEPARTMENTS[usize::from(subscription / 4)]
}

/// Returns the enrollment account that owns a subscription.
pub(super) fn account_of(subscription: u8) -> &'static Account {
    &ACCOUNTS[usize::from(subscription / 2)]
}

/// Returns the id of a subscription: a GUID that belongs to nobody.
pub(super) fn subscription_id(place: u8) -> String {
    format!("00000000-0000-0000-0000-{:012}", u32::from(place) + 1)
}
