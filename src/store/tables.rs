//! The tables of the database, and the format of their bytes.

use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition, TableHandle};

use crate::billing::shape::shape;

/// The version of the format. Days of another version are read again from Azure. A change of
/// the lists of columns and tables needs no other version, because their shape is compared too.
pub(super) const FORMAT: u32 = 6;

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");
/// The shape in which the days were written, by the name of their table.
const SHAPE: TableDefinition<'_, &str, &str> = TableDefinition::new("shape");
/// Totals by scope, in numbered pieces.
pub(super) const TOTALS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("totals");
/// What was learnt of the sources, by scope, in the form of whoever learnt it.
pub(super) const SOURCES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("sources");
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
    /// Days of this format, in this shape.
    Ours,
    /// Days of another version of the exporter, with the version of their format.
    Other(u32),
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
    let Some(format) = about.get("format")?.map(|format| format.value()) else {
        return Ok(Found::Foreign);
    };
    // Earlier formats have no table of the shape.
    let is_ours = format == FORMAT
        && tables.iter().any(|table| table.name() == SHAPE.name())
        && has_shape(&reading)?;
    Ok(if is_ours { Found::Ours } else { Found::Other(format) })
}

/// Returns whether days were written in the present shape.
fn has_shape(reading: &ReadTransaction) -> Result<bool, redb::Error> {
    let written = reading.open_table(SHAPE)?.get(DAYS.name())?;
    Ok(written.is_some_and(|written| written.value() == shape()))
}

/// Creates the empty tables of this format.
pub(super) fn begin(database: &Database) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    writing.open_table(ABOUT)?.insert("format", FORMAT)?;
    writing.open_table(SHAPE)?.insert(DAYS.name(), shape().as_str())?;
    writing.open_table(TOTALS)?;
    writing.open_table(SOURCES)?;
    writing.open_table(POLLS)?;
    writing.open_table(DAYS)?;
    writing.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// Returns what is found in a database with another shape, or with none.
    fn found_with(other: Option<&str>) -> Found {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        begin(&database).unwrap();
        assert!(matches!(found(&database), Ok(Found::Ours)));
        let writing = database.begin_write().unwrap();
        writing.delete_table(SHAPE).unwrap();
        if let Some(other) = other {
            writing.open_table(SHAPE).unwrap().insert(DAYS.name(), other).unwrap();
        }
        writing.commit().unwrap();
        found(&database).unwrap()
    }

    #[test]
    fn days_of_the_same_format_in_another_shape_are_not_ours() {
        let shape = shape();
        assert!(matches!(found_with(Some(&shape)), Found::Ours));
        for other in [None, Some(""), Some(&shape[1..])] {
            assert!(matches!(found_with(other), Found::Other(FORMAT)), "{other:?}");
        }
    }
}
