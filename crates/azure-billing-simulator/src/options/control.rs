//! Options of Azure's own totals: how they differ from the rows, and how they are written.

/// The way in which the simulator makes totals.
#[derive(Clone, Debug)]
pub struct ControlOptions {
    /// Refreshes by which the totals are ahead of the rows; below zero, behind. A refresh comes
    /// every four hours.
    pub ahead: i32,
    /// Days after the end of a month until its `RoundingAdjustment` rows appear, at the billing
    /// account alone. `None`: a month has a rounding row of next to nothing from its last day on.
    pub rounding_rows_after: Option<u8>,
    /// Daily totals contain the rounding rows.
    pub rounding_in_query: bool,
    /// Daily totals contain late third-party usage, on the date that its rows name.
    pub late_rows_in_query: bool,
    /// Refunds are no rows: only `reservationTransactions` has them, and the prepayment gets the
    /// money back.
    pub refunds_in_transactions: bool,
    /// Balances say that prices are hidden, and show none.
    pub price_hidden: bool,
    /// The prepayment that is bought in the first month and every twelfth after it, in whole units
    /// of the currency.
    pub prepayment: u32,
    /// Rows of a page of daily totals.
    pub query_page: usize,
    /// The columns of daily totals.
    pub query_columns: QueryColumns,
    /// Query processing units that may be spent before 429. `None`: any number.
    pub query_quota: Option<QueryQuota>,
}

impl Default for ControlOptions {
    fn default() -> Self {
        Self {
            ahead: 0,
            rounding_rows_after: None,
            rounding_in_query: true,
            late_rows_in_query: false,
            refunds_in_transactions: false,
            price_hidden: false,
            prepayment: 50_000,
            query_page: 1000,
            query_columns: QueryColumns::default(),
            query_quota: None,
        }
    }
}

/// The columns of daily totals, all of which a client has to find by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryColumns {
    /// Answers `PreTaxCost` to those who ask for `Cost`.
    pub pretax: bool,
    /// Puts the columns in an order that the seed decides. Otherwise the cost is first and the
    /// currency last.
    pub shuffled: bool,
}

/// The query processing units of a tenant. A query spends one for each month that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryQuota {
    /// Units in 10 seconds.
    pub ten_seconds: u32,
    /// Units in a minute.
    pub minute: u32,
    /// Units in an hour.
    pub hour: u32,
}

impl QueryQuota {
    /// The quota that Azure documents.
    pub const DOCUMENTED: Self = Self { ten_seconds: 12, minute: 60, hour: 600 };
}
