//! Options of reports: how they are made, and how they are written.

use std::time::Duration;

/// The way in which the simulator makes reports.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Status requests before a report is ready.
    pub polls: u32,
    /// Seconds to wait before the next status request, as 202 says.
    pub retry_after: u64,
    /// Answers the request itself with the report, without any 202.
    pub immediate: bool,
    /// The answer where there are no rows.
    pub empty: EmptyReport,
    /// Rows of each blob. `None`: one blob contains all.
    pub rows_per_blob: Option<u64>,
    /// The time for which links to blobs are valid, from the moment the report is ready.
    pub valid_for: Duration,
    /// Adds rows that a cost allocation rule moves: negative where cost comes from, positive where
    /// it goes. The list never has them, and the simulator's totals leave them out.
    pub cost_allocation: bool,
    /// The form of the CSV.
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

/// The answer for a report without rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyReport {
    /// It ends as `NoDataFound`.
    Status,
    /// 204 to the request.
    NoContent,
}

/// The form of a report's CSV. Every form seen in the wild has to be read by column name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportFormat {
    /// The columns, and their names.
    pub columns: ColumnNames,
    /// The spelling of their names.
    pub case: HeaderCase,
    /// Puts the columns in an order that the seed decides instead of the documented one.
    pub shuffled: bool,
    /// `2026-11-20` instead of `11/20/2026`.
    pub iso_dates: bool,
    /// Begins each blob with a byte order mark, as real ones do.
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

/// The spelling of column names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderCase {
    /// `CostInBillingCurrency`, but `benefitId`.
    Documented,
    /// `costinbillingcurrency`.
    Lower,
    /// `costInBillingCurrency`, as Microsoft Customer Agreements have it.
    Camel,
}
