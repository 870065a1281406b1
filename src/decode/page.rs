//! A page of usage: `{"nextLink": …, "value": [rows]}`, in either order, read row by row.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::billing::charge::Charge;

use super::layout::Layout;
use super::options::RowOptions;
use super::properties::{Properties, PropertiesSeed, unreadable_name};
use super::repair::{REPLACEMENT, repaired};
use super::row::Dates;
use super::tags::Tags;
use super::text::Text;

/// The facts of a page beside its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The link to the next page, as sent; `None` on the last one.
    pub(crate) next_link: Option<String>,
    /// The number of rows.
    pub(crate) rows: u64,
    /// The number of amounts with more decimals than are kept.
    pub(crate) rounded: u64,
    /// The number of rows that have a date, but none that can be read.
    pub(crate) unreadable_dates: u64,
}

/// The reason why a page is no page of usage, with the row.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct PageError(String);

/// Passes every row of a page to `fold`. After an error the rows passed so far must be dropped: the
/// page did not parse to its end.
pub(crate) fn read_page(
    body: &[u8],
    wanted: RowOptions,
    mut fold: impl FnMut(&Charge<'_>),
) -> Result<Page, PageError> {
    read(body, Mode { wanted, repaired: false }, &mut fold)
}

/// Reads a page that [`read_page`] refuses, if only its texts make it unreadable. Rows with a
/// replaced text are degraded. Returns `None` if something else is wrong as well; then the error of
/// [`read_page`] is the one to report.
pub(crate) fn read_repaired_page(
    body: &[u8],
    wanted: RowOptions,
    mut fold: impl FnMut(&Charge<'_>),
) -> Option<Page> {
    read(&repaired(body)?, Mode { wanted, repaired: true }, &mut fold).ok()
}

/// The way a page is read.
#[derive(Clone, Copy)]
struct Mode {
    wanted: RowOptions,
    /// True if its texts were repaired.
    repaired: bool,
}

fn read(body: &[u8], mode: Mode, fold: &mut impl FnMut(&Charge<'_>)) -> Result<Page, PageError> {
    let text =
        std::str::from_utf8(body).map_err(|error| PageError(format!("not UTF-8: {error}")))?;
    let mut page = Page::default();
    let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let read = PageSeed { page: &mut page, mode, fold }.deserialize(&mut json);
    match read.and_then(|()| json.end()) {
        Ok(()) => Ok(page),
        Err(error) if page.rows > 0 => Err(PageError(format!("after row {}: {error}", page.rows))),
        Err(error) => Err(PageError(error.to_string())),
    }
}

struct PageSeed<'p, F> {
    page: &'p mut Page,
    mode: Mode,
    fold: &'p mut F,
}

impl<'de, F: FnMut(&Charge<'_>)> DeserializeSeed<'de> for PageSeed<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&Charge<'_>)> Visitor<'de> for PageSeed<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of usage: an object with `value`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_rows = false;
        while let Some(field) = map.next_key::<Text<'de>>()? {
            match field.text.as_ref() {
                "nextLink" => {
                    let link = map.next_value::<Text<'de>>()?;
                    if link.unreadable || self.mode.is_replaced(&link.text) {
                        // Without the link, the pages that follow would be lost.
                        return Err(Error::custom("nextLink is not a link"));
                    }
                    let link = link.text;
                    self.page.next_link = (!link.trim().is_empty()).then(|| link.into_owned());
                }
                "value" if !has_rows => {
                    has_rows = true;
                    let seed = RowsSeed { page: self.page, mode: self.mode, fold: self.fold };
                    map.next_value_seed(seed)?;
                }
                "value" => return Err(Error::custom("`value` occurs twice")),
                name if self.mode.is_replaced(name) => return Err(unreadable_name()),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if has_rows { Ok(()) } else { Err(Error::custom("no `value` in the answer")) }
    }
}

impl Mode {
    /// Returns whether a text was repaired without which the page cannot be understood.
    fn is_replaced(self, text: &str) -> bool {
        self.repaired && text.contains(REPLACEMENT)
    }
}

struct RowsSeed<'p, F> {
    page: &'p mut Page,
    mode: Mode,
    fold: &'p mut F,
}

impl<'de, F: FnMut(&Charge<'_>)> DeserializeSeed<'de> for RowsSeed<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&Charge<'_>)> Visitor<'de> for RowsSeed<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of usage rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let Self { page, mode: Mode { wanted, repaired }, fold } = self;
        let (mut layout, mut dates) = (Layout::new(repaired), Dates::default());
        loop {
            let mut row = Envelope { tags: wanted.tags.then(Tags::default), ..Envelope::default() };
            let seed = EnvelopeSeed { row: &mut row, layout: &mut layout };
            if rows.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            if repaired {
                row.mark_replaced();
            }
            let number = page.rows + 1;
            let tags = row.tags.take().unwrap_or_default();
            let row = row
                .properties
                .charge(tags, &mut dates, wanted.cloud)
                .map_err(|why| Error::custom(format_args!("row {number} of the page: {why}")))?;
            page.rows = number;
            page.rounded += row.rounded;
            page.unreadable_dates += u64::from(row.unreadable_date);
            fold(&row.charge);
        }
    }
}

/// A row: `{"id", "name", "type", "tags", "properties": {…}}`. Ids of rows repeat and are not used.
#[derive(Default)]
struct Envelope<'a> {
    properties: Properties<'a>,
    has_properties: bool,
    /// `None` if tags are not read.
    tags: Option<Tags<'a>>,
}

impl Envelope<'_> {
    fn mark_replaced(&mut self) {
        self.properties.mark_replaced();
        if let Some(tags) = &mut self.tags {
            tags.mark_replaced();
        }
    }
}

/// Reads a row in place: it is large, and moving it would cost as much as reading it.
struct EnvelopeSeed<'p, 'de> {
    row: &'p mut Envelope<'de>,
    layout: &'p mut Layout<'de>,
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a usage row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { row, layout } = self;
        while let Some(field) = map.next_key::<Text<'de>>()? {
            match (field.text.as_ref(), &mut row.tags) {
                ("properties", _) => {
                    if std::mem::replace(&mut row.has_properties, true) {
                        // If `properties` occurs twice, the last one counts.
                        row.properties = Properties::default();
                    }
                    let seed = PropertiesSeed { row: &mut row.properties, layout: &mut *layout };
                    map.next_value_seed(seed)?;
                }
                ("tags", Some(tags)) => *tags = map.next_value()?,
                (name, _) if layout.repaired && name.contains(REPLACEMENT) => {
                    return Err(unreadable_name());
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}
