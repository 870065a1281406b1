//! Who pays: the enrollment's departments, accounts, subscriptions and resources.

use super::{
    catalog::{KINDS, Kind, REGIONS, Region},
    chance::{Chance, mix},
};

/// The enrollment number.
pub(super) const BILLING_ACCOUNT: &str = "100000";
/// The enrollment's name.
pub(super) const BILLING_ACCOUNT_NAME: &str = "Contoso, Ltd.";

/// Two accounts each, in this order.
pub(super) static DEPARTMENTS: [Department; 3] = [
    Department { id: "1001", name: "Engineering", cost_center: "ENG9000" },
    Department { id: "1002", name: "Retail", cost_center: "RET4100" },
    Department { id: "1003", name: "Operations", cost_center: "" },
];

/// Two subscriptions each, in this order.
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

/// Share of the resources in each subscription; Europe's are few.
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

/// How the rows of one resource show its tags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    Object,
    /// An object whose values need JSON escapes.
    Escaped,
    Null,
    Absent,
    EmptyList,
}

/// A resource, as far as it is the same in every row.
pub(super) struct Resource {
    pub(super) number: u64,
    pub(super) subscription: u8,
    pub(super) kind: &'static Kind,
    pub(super) region: &'static Region,
    pub(super) team: &'static str,
    pub(super) environment: &'static str,
    pub(super) tags: Tags,
    /// Percent of the usual size.
    pub(super) size: i64,
    /// 10^-3 of the list price.
    pub(super) discount: i64,
    /// A reservation pays for its compute hours.
    pub(super) reserved: bool,
}

/// The subscription of a resource. Apart from [`resource`], as readings ask nothing else of rows
/// that they skip.
pub(super) fn subscription_of(seed: u64, number: u64) -> u8 {
    if number < SUBSCRIPTIONS.len() as u64 {
        return number as u8; // none stays empty
    }
    let mut chance = Chance::new(mix(seed ^ 0x5B5C, number));
    chance.weighted(SUBSCRIPTION_WEIGHTS.into_iter()) as u8
}

/// Resource `number` of the enrollment that `seed` makes.
pub(super) fn resource(seed: u64, number: u64) -> Resource {
    let mut chance = Chance::new(mix(seed ^ 0x2E50, number));
    let kind = &KINDS[chance.weighted(KINDS.iter().map(|kind| kind.weight))];
    let region = &REGIONS[chance.weighted(REGIONS.iter().map(|region| region.weight))];
    // A few are very large, most are small: as bills are.
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
    /// Its name, unique in the enrollment.
    pub(super) fn name(&self) -> String {
        let (prefix, number) = (self.kind.prefix, self.number.to_string());
        let zeros = "00000".get(number.len()..).unwrap_or("");
        [prefix, "-", self.team, "-", self.environment, "-", zeros, &number].concat()
    }

    /// Its resource group, with capitals as people write them.
    pub(super) fn group(&self) -> String {
        ["RG-", self.team, "-", self.environment].concat()
    }

    /// Its ARM id in the spelling of its creation.
    pub(super) fn id(&self) -> String {
        self.id_of(&self.group(), &self.name())
    }

    /// The same, of its group and name where they are known already.
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

/// Whose usage a reading asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    BillingAccount,
    Department(u8),
    Account(u8),
    Subscription(u8),
}

impl Scope {
    /// Every scope of the enrollment, largest first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::BillingAccount)
            .chain((0..DEPARTMENTS.len() as u8).map(Self::Department))
            .chain((0..ACCOUNTS.len() as u8).map(Self::Account))
            .chain((0..SUBSCRIPTIONS.len() as u8).map(Self::Subscription))
    }

    /// The scope of that kind and id, if the enrollment has it.
    pub(super) fn find(kind: &str, id: &str) -> Option<Self> {
        Self::all().find(|scope| scope.kind() == kind && scope.id().eq_ignore_ascii_case(id))
    }

    /// `billing_account`, `department`, `enrollment_account` or `subscription`.
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

    /// Whether rows of that subscription, or of none, show here. Purchases have none, and show at
    /// the billing account alone.
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

/// The department that a subscription is charged to.
pub(super) fn department_of(subscription: u8) -> &'static Department {
    &DEPARTMENTS[usize::from(subscription / 4)]
}

/// The enrollment account that owns a subscription.
pub(super) fn account_of(subscription: u8) -> &'static Account {
    &ACCOUNTS[usize::from(subscription / 2)]
}

/// GUIDs that belong to nobody.
pub(super) fn subscription_id(place: u8) -> String {
    format!("00000000-0000-0000-0000-{:012}", u32::from(place) + 1)
}
