//! What is in the database: its tables, and the format that their bytes have.

use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};

/// What the bytes mean. Another number is another format, whose days are read again from Azure.
pub(super) const FORMAT: u32 = 4;

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");
/// Totals by scope, in numbered pieces.
pub(super) const TOTALS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("books");
/// Poll records by scope.
pub(super) const POLLS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("polls");
/// The key of a part of a day: scope, date, which of its rows (0 its own, 1 late rows, 2 undated), and its number.
pub(super) type DayKey<'a> = (&'a str, &'a str, u8, u32);
/// Days by scope and bucket, in parts of a bounded size.
pub(super) const DAYS: TableDefinition<'_, DayKey<'_>, &[u8]> = TableDefinition::new("days");

/// What a database holds.
pub(super) enum Found {
    /// Not a single table: it was made and never used.
    Nothing,
    /// Days of a format.
    Format(u32),
    /// Tables without a format: those of another program.
    Foreign,
}

/// Looks at what a database holds.
pub(super) fn found(database: &Database) -> Result<Found, redb::Error> {
    let reading = database.begin_read()?;
    let tables: Vec<_> = reading.list_tables()?.collect();
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !tables.iter().any(|table| table.name() == ABOUT.name()) {
        return Ok(Found::Foreign);
    }
    let about = reading.open_table(ABOUT)?;
    let format = about.get("format")?.map(|format| format.value());
    Ok(format.map_or(Found::Foreign, Found::Format))
}

/// Makes the empty tables of this format.
pub(super) fn begin(database: &Database) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    writing.open_table(ABOUT)?.insert("format", FORMAT)?;
    writing.open_table(TOTALS)?;
    writing.open_table(POLLS)?;
    writing.open_table(DAYS)?;
    writing.commit()?;
    Ok(())
}
