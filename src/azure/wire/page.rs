//! A page of usage: `{"nextLink": …, "value": [rows]}`, in either order, folded row by row.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::billing::charge::Charge;

use super::dates::Days;
use super::layout::Layout;
use super::properties::{Properties, PropertiesSeed};
use super::tags::Tags;
use super::text::Text;

/// What a page says besides its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where the next page is, as sent; `None` on the last one.
    pub(crate) next_link: Option<String>,
    /// How many rows it held.
    pub(crate) rows: u64,
    /// Amounts with more decimals than are kept.
    pub(crate) rounded: u64,
    /// Rows that have a date, but none that can be read.
    pub(crate) unreadable_dates: u64,
}

/// Why a page is no page of usage: what, and in which row.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct PageError(String);

/// Gives every row of a page to `fold`. After an error the rows given so far must be thrown away:
/// the page did not parse to its end. Without `tags` no row has any.
pub(crate) fn read_page(
    body: &[u8],
    tags: bool,
    mut fold: impl FnMut(&Charge<'_>),
) -> Result<Page, PageError> {
    let text =
        std::str::from_utf8(body).map_err(|error| PageError(format!("not UTF-8: {error}")))?;
    let mut page = Page::default();
    let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let read = PageSeed { page: &mut page, tags, fold: &mut fold }.deserialize(&mut json);
    match read.and_then(|()| json.end()) {
        Ok(()) => Ok(page),
        Err(error) if page.rows > 0 => Err(PageError(format!("after row {}: {error}", page.rows))),
        Err(error) => Err(PageError(error.to_string())),
    }
}

struct PageSeed<'p, F> {
    page: &'p mut Page,
    tags: bool,
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
        while let Some(Text(field)) = map.next_key::<Text<'de>>()? {
            match field.as_ref() {
                "nextLink" => {
                    let link = map.next_value::<Text<'de>>()?.0;
                    self.page.next_link = (!link.trim().is_empty()).then(|| link.into_owned());
                }
                "value" if !has_rows => {
                    has_rows = true;
                    let seed = RowsSeed { page: self.page, tags: self.tags, fold: self.fold };
                    map.next_value_seed(seed)?;
                }
                "value" => return Err(Error::custom("`value` occurs twice")),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if has_rows { Ok(()) } else { Err(Error::custom("no `value` in the answer")) }
    }
}

struct RowsSeed<'p, F> {
    page: &'p mut Page,
    tags: bool,
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
        let (mut layout, mut days) = (Layout::default(), Days::default());
        loop {
            let mut row = Envelope { tags: self.tags.then(Tags::default), ..Envelope::default() };
            let seed = EnvelopeSeed { row: &mut row, layout: &mut layout };
            if rows.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            let number = self.page.rows + 1;
            let tags = row.tags.take().unwrap_or_default().0;
            let row = row
                .properties
                .charge(tags, &mut days)
                .map_err(|why| Error::custom(format_args!("row {number} of the page: {why}")))?;
            self.page.rows = number;
            self.page.rounded += row.rounded;
            (self.fold)(&row.charge);
        }
    }
}

/// `{"id", "name", "type", "tags", "properties": {…}}`. Ids of rows repeat and mean nothing here.
#[derive(Default)]
struct Envelope<'a> {
    properties: Properties<'a>,
    has_properties: bool,
    /// `None` where nobody asks for them.
    tags: Option<Tags<'a>>,
}

/// Reads a row into its place: it is large, and moving it around would cost as much as reading it.
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
        while let Some(Text(field)) = map.next_key::<Text<'de>>()? {
            match (field.as_ref(), &mut row.tags) {
                ("properties", _) => {
                    if std::mem::replace(&mut row.has_properties, true) {
                        // The last ones count where they occur twice.
                        row.properties = Properties::default();
                    }
                    let seed = PropertiesSeed { row: &mut row.properties, layout: &mut *layout };
                    map.next_value_seed(seed)?;
                }
                ("tags", Some(tags)) => *tags = map.next_value()?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}
