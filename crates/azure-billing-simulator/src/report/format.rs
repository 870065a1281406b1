//! The format of a report: its columns, their order and their names.

use super::{
    super::{
        calendar::date_of,
        chance::{hash_text, mix},
        options::{ColumnNames, HeaderCase, ReportFormat},
    },
    cell::{Cell, Day},
    columns::{COLUMNS, Column, OLDER, RENAMED},
    lines::Line,
};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The format of a report's lines.
pub(in super::super) struct Format {
    columns: Vec<&'static Column>,
    header: Vec<u8>,
    iso_dates: bool,
}

impl Format {
    /// Makes the format that the options describe; `seed` shuffles.
    pub(in super::super) fn new(options: ReportFormat, seed: u64) -> Self {
        let mut columns: Vec<&'static Column> = match options.columns {
            ColumnNames::Newest | ColumnNames::German => COLUMNS.iter().collect(),
            ColumnNames::Older => OLDER.iter().filter_map(|name| column(name)).collect(),
        };
        if options.shuffled {
            columns.sort_by_key(|column| mix(seed, hash_text(column.name)));
        }
        let names: Vec<String> = columns.iter().map(|column| name(column, options)).collect();
        let mark = if options.byte_order_mark { BYTE_ORDER_MARK } else { "" };
        let header = [mark, &names.join(","), "\r\n"].concat().into_bytes();
        Self { columns, header, iso_dates: options.iso_dates }
    }

    /// Returns the header that each blob begins with.
    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Appends one line.
    pub(super) fn write(&self, out: &mut Vec<u8>, line: &Line) {
        let (first, last) = line.row.period();
        let dates = [line.row.dated, first, last].map(|day| self.date(day));
        let mut cell = Cell { out, dates };
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                cell.plain(",");
            }
            (column.write)(&mut cell, line);
        }
        cell.plain("\r\n");
    }

    fn date(&self, day: i64) -> Day {
        let date = date_of(day);
        let digit = |number: i16, power: i16| b'0' + (number / power % 10) as u8;
        let two = |number: i8| [digit(number.into(), 10), digit(number.into(), 1)];
        let year = [1000, 100, 10, 1].map(|power| digit(date.year(), power));
        let ([m, n], [d, e], [a, b, c, y]) = (two(date.month()), two(date.day()), year);
        if self.iso_dates {
            [a, b, c, y, b'-', m, n, b'-', d, e]
        } else {
            [m, n, b'/', d, e, b'/', a, b, c, y]
        }
    }
}

/// Returns the column of a name, also of an older one.
fn column(name: &str) -> Option<&'static Column> {
    let newest =
        RENAMED.iter().find(|(older, _)| *older == name).map_or(name, |(_, newest)| newest);
    COLUMNS.iter().find(|column| column.name == newest)
}

fn name(column: &Column, options: ReportFormat) -> String {
    let older = RENAMED.iter().find(|(_, newest)| *newest == column.name);
    let name = match (options.columns, older) {
        (ColumnNames::Older, Some((older, _))) => older,
        _ => column.name,
    };
    let name = match options.case {
        HeaderCase::Documented => name.to_owned(),
        HeaderCase::Lower => name.to_ascii_lowercase(),
        HeaderCase::Camel => name[..1].to_ascii_lowercase() + &name[1..],
    };
    match options.columns {
        ColumnNames::German => format!("{} ({name})", column.german),
        ColumnNames::Newest | ColumnNames::Older => name,
    }
}
