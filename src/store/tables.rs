//! The tables of the database, and the format of their bytes.

use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};

/// The version of the format. Days of another version are read again from Azure.
pub(super) const FORMAT: u32 = 5;

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");
/// Totals by scope, in numbered pieces.
pub(super) const TOTALS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("books");
/// Poll records by scope.
pub(super) const POLLS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("polls");
/// The key of a part of a day: scope, date, kind of rows (0 of the day, 1 late, 2 undated), and
/// number.
pub(super) type DayKey<'a> = (&'a str, &'a str, u8, u32);
/// Days by scope and bucket, in parts of a bounded size.
pub(super) const DAYS: TableDefinition<'_, DayKey<'_>, &[u8]> = TableDefinition::new("days");

/// The content of a database.
pub(super) enum Found {
    /// No table: the database was created and never used.
    Nothing,
    /// Days of a version of the format.
    Format(u32),
    /// Tables without a format: those of another program.
    Foreign,
}

/// Returns what a database contains.
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

/// Creates the empty tables of this format.
pub(super) fn begin(database: &Database) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    writing.open_table(ABOUT)?.insert("format", FORMAT)?;
    writing.open_table(TOTALS)?;
    writing.open_table(POLLS)?;
    writing.open_table(DAYS)?;
    writing.commit()?;
    Ok(())
}
