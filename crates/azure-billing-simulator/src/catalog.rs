//! The catalog of the enrollment: kinds of resource with their meters, and regions in the spellings
//! that bills show. Prices and names are invented in the style of the real ones.

/// A meter: something that is counted and priced.
pub(super) struct Meter {
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) subcategory: &'static str,
    pub(super) unit: &'static str,
    pub(super) family: &'static str,
    /// The price of one unit, in 10^-9 of the currency.
    pub(super) price: i64,
    /// The quantity that a resource of usual size uses in a day, in 10^-6 units.
    pub(super) quantity: i64,
}

/// A kind of resource.
pub(super) struct Kind {
    pub(super) provider: &'static str,
    pub(super) path: &'static str,
    pub(super) prefix: &'static str,
    /// The number of resources of this kind in 100.
    pub(super) weight: u64,
    pub(super) meters: &'static [Meter],
}

/// A region, with the spellings that real bills use for it.
pub(super) struct Region {
    pub(super) spellings: [&'static str; 4],
    pub(super) weight: u64,
}

/// The regions in use.
pub(super) static REGIONS: [Region; 6] = [
    Region { spellings: ["USEast2", "EastUS2", "US East 2", "eastus2"], weight: 30 },
    Region { spellings: ["EUWest", "WestEurope", "EU West", "westeurope"], weight: 30 },
    Region { spellings: ["uswest2", "westus2", "US West 2", "WestUS2"], weight: 15 },
    Region { spellings: ["USCentral", "CentralUS", "US Central", "centralus"], weight: 10 },
    Region { spellings: ["EUNorth", "northeurope", "EU North", "NorthEurope"], weight: 10 },
    Region {
        spellings: ["apsoutheast", "southeastasia", "AP Southeast", "SoutheastAsia"],
        weight: 5,
    },
];

/// The kinds of resource in use; the first is the one that reservations cover.
pub(super) static KINDS: [Kind; 10] = [
    kind("Microsoft.Compute", "virtualMachines", "vm", 22, &VIRTUAL_MACHINE),
    kind("Microsoft.Compute", "disks", "disk", 18, &DISK),
    kind("Microsoft.Storage", "storageAccounts", "st", 18, &STORAGE),
    kind("Microsoft.Network", "publicIPAddresses", "pip", 10, &PUBLIC_IP),
    kind("Microsoft.Sql", "servers/databases", "sqldb", 8, &SQL),
    kind("Microsoft.Web", "serverfarms", "plan", 7, &APP_SERVICE),
    kind("Microsoft.OperationalInsights", "workspaces", "log", 6, &LOGS),
    kind("Microsoft.KeyVault", "vaults", "kv", 5, &KEY_VAULT),
    kind("Microsoft.EventHub", "namespaces", "evh", 3, &EVENT_HUB),
    kind("Microsoft.Network", "virtualNetworkGateways", "vpn", 3, &VPN),
];

/// The meter for usage of products of other publishers.
pub(super) static MARKETPLACE: Meter = meter(
    ["Firewall Pro - Per Core", "Firewall Pro", "", "1 Hour", "Azure Marketplace Services"],
    410_000_000,
    24_000_000,
);

/// The meter of rows without a resource.
pub(super) static SECURITY: Meter = meter(
    ["Standard Node", "Microsoft Defender for Cloud", "Servers Plan 2", "1 Node/Month", "Security"],
    14_600_000_000,
    32_258,
);

/// The meter that reservations cover.
pub(super) static RESERVED: &Meter = &VIRTUAL_MACHINE[0];

static VIRTUAL_MACHINE: [Meter; 4] = [
    meter(
        ["D4s v5", "Virtual Machines", "Dsv5 Series", "1 Hour", "Compute"],
        192_000_000,
        24_000_000,
    ),
    meter(
        ["Standard Data Transfer Out", "Bandwidth", "Inter-Region", "1 GB", "Networking"],
        20_134_567,
        1_734_219,
    ),
    meter(
        ["Standard Data Transfer In", "Bandwidth", "Inter-Region", "1 GB", "Networking"],
        0,
        3_271_004,
    ),
    meter(
        ["Disk Operations", "Storage", "Standard SSD Managed Disks", "10K", "Storage"],
        2_000_000,
        4_120_300,
    ),
];

static DISK: [Meter; 2] = [
    meter(
        ["P10 LRS Disk", "Storage", "Premium SSD Managed Disks", "1/Month", "Storage"],
        19_710_000_000,
        32_256,
    ),
    meter(
        ["Snapshots LRS", "Storage", "Standard Page Blob", "1 GB/Month", "Storage"],
        50_000_000,
        41_290,
    ),
];

static STORAGE: [Meter; 4] = [
    meter(
        ["Hot LRS Data Stored", "Storage", "Blob Storage", "1 GB/Month", "Storage"],
        18_400_000,
        18_334_912,
    ),
    meter(["Hot Read Operations", "Storage", "Blob Storage", "10K", "Storage"], 4_000_000, 13_800),
    meter(["Table Batch Write Operations", "Storage", "Tables", "10K", "Storage"], 100_000, 146),
    meter(["Data Retrieval", "Storage", "Blob Storage", "1 GB", "Storage"], 0, 912_377),
];

static PUBLIC_IP: [Meter; 2] = [
    meter(
        [
            "Standard IPv4 Static Public IP",
            "Virtual Network",
            "IP Addresses",
            "1 Hour",
            "Networking",
        ],
        5_000_000,
        24_000_000,
    ),
    meter(
        ["Global Static IP", "Virtual Network", "IP Addresses", "1 Hour", "Networking"],
        0,
        24_000_000,
    ),
];

static SQL: [Meter; 3] = [
    meter(
        [
            "vCore",
            "SQL Database",
            "Single/Elastic Pool General Purpose - Compute Gen5",
            "1 Hour",
            "Databases",
        ],
        126_472_000,
        48_000_000,
    ),
    meter(
        [
            "General Purpose Data Stored",
            "SQL Database",
            "Single/Elastic Pool General Purpose - Storage",
            "1 GB/Month",
            "Databases",
        ],
        115_000_000,
        1_032_258,
    ),
    meter(
        ["PITR Backup Storage", "SQL Database", "PITR Backup Storage", "1 GB/Month", "Databases"],
        100_000_000,
        212_903,
    ),
];

static APP_SERVICE: [Meter; 2] = [
    meter(
        ["P1 v3 App", "Azure App Service", "Premium v3 Plan", "1 Hour", "Compute"],
        338_000_000,
        24_000_000,
    ),
    meter(
        ["Small App Service Hours", "Azure App Service", "Standard Plan", "100 Hours", "Compute"],
        25_000_000,
        3_000_000,
    ),
];

static LOGS: [Meter; 2] = [
    meter(
        ["Pay-as-you-go Data Ingestion", "Log Analytics", "", "1 GB", "Management and Governance"],
        2_760_000_000,
        1_204_117,
    ),
    meter(
        [
            "Pay-as-you-go Data Retention",
            "Log Analytics",
            "",
            "1 GB/Month",
            "Management and Governance",
        ],
        120_000_000,
        96_774,
    ),
];

static KEY_VAULT: [Meter; 2] = [
    meter(["Operations", "Key Vault", "Standard", "10K", "Security"], 30_000_000, 1_300),
    meter(["Advanced Key Operations", "Key Vault", "Premium", "10K", "Security"], 150_000_000, 400),
];

static EVENT_HUB: [Meter; 2] = [
    meter(
        ["Standard Throughput Unit", "Event Hubs", "Standard", "1 Hour", "Analytics"],
        30_000_000,
        24_000_000,
    ),
    meter(
        ["Standard Ingress Events", "Event Hubs", "Standard", "1M", "Analytics"],
        28_000_000,
        7_250_011,
    ),
];

static VPN: [Meter; 1] =
    [meter(["VpnGw1", "VPN Gateway", "", "1 Hour", "Networking"], 190_000_000, 24_000_000)];

const fn kind(
    provider: &'static str,
    path: &'static str,
    prefix: &'static str,
    weight: u64,
    meters: &'static [Meter],
) -> Kind {
    Kind { provider, path, prefix, weight, meters }
}

/// Makes a meter from its name, category, subcategory, unit and family.
const fn meter(names: [&'static str; 5], price: i64, quantity: i64) -> Meter {
    let [name, category, subcategory, unit, family] = names;
    Meter { name, category, subcategory, unit, family, price, quantity }
}
