//! How reports are made, and how they are written.

use std::time::Duration;

/// How the simulator makes reports.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Looks at a report before it is ready.
    pub polls: u32,
    /// Seconds to wait before the next look, as 202 says.
    pub retry_after: u64,
    /// Answer the request itself with the report, without any 202.
    pub immediate: bool,
    /// What is answered where there are no rows.
    pub empty: EmptyReport,
    /// Rows of each blob. `None`: one blob holds all.
    pub rows_per_blob: Option<u64>,
    /// How long the links to blobs are good, from the moment the report is ready.
    pub valid_for: Duration,
    /// Add rows that a cost allocation rule moves: negative where cost comes from, positive where
    /// it goes. The list never has them, and the simulator's totals leave them out.
    pub cost_allocation: bool,
    /// How the CSV looks.
    pub format: ReportFormat,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            polls: 1,
            retry_after: 20,
            immediate: false,
            empty: EmptyReport::Status,
            rows_per_blob: None,
            valid_for: Duration::from_secs(12 * 3600),
            cost_allocation: false,
            format: ReportFormat::default(),
        }
    }
}

/// How a report without rows is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyReport {
    /// It ends as `NoDataFound`.
    Status,
    /// 204 to the request.
    NoContent,
}

/// How a report's CSV looks. All that is seen in the wild has to be read by column name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportFormat {
    /// Which columns, and what they are called.
    pub columns: ColumnNames,
    /// How their names are spelled.
    pub case: HeaderCase,
    /// Put the columns in an order of the seed's instead of the documented one.
    pub shuffled: bool,
    /// `2026-11-20` instead of `11/20/2026`.
    pub iso_dates: bool,
    /// Begin each blob with a byte order mark, as real ones do.
    pub byte_order_mark: bool,
}

impl Default for ReportFormat {
    fn default() -> Self {
        Self {
            columns: ColumnNames::Newest,
            case: HeaderCase::Documented,
            shuffled: false,
            iso_dates: false,
            byte_order_mark: true,
        }
    }
}

/// A generation of the report's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnNames {
    /// The 57 columns of 2024-08-01: `CostInBillingCurrency`, `ProductName`.
    Newest,
    /// The 55 columns before it, in their own order: `Cost`, `Product`, `BillingCurrency`.
    Older,
    /// The newest, as `Kosten in Abrechnungswährung (CostInBillingCurrency)`.
    German,
}

/// How column names are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderCase {
    /// `CostInBillingCurrency`, but `benefitId`.
    Documented,
    /// `costinbillingcurrency`.
    Lower,
    /// `costInBillingCurrency`, as Microsoft Customer Agreements have it.
    Camel,
}
