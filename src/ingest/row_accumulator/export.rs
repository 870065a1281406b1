//! The export of sums from an accumulator, bucket by bucket, with the texts of that bucket alone.

use super::row_keys::RowKeys;
use super::sums::BucketSums;
use crate::billing::bucket_export::BucketExport;
use crate::billing::daily_sums::{DailySums, DayBucket};
use crate::billing::interner::{Encoding, Interner, Symbol, Texts};

/// The sums of an accumulator, to be read.
#[derive(Clone, Copy)]
pub(in crate::ingest) struct SumsView<'a> {
    keys: &'a RowKeys,
    sums: &'a BucketSums,
}

impl<'a> SumsView<'a> {
    pub(super) fn new(keys: &'a RowKeys, sums: &'a BucketSums) -> Self {
        Self { keys, sums }
    }

    pub(in crate::ingest) fn has_rows(self) -> bool {
        !self.sums.is_empty()
    }

    /// Returns the buckets that have rows, and the number of rows.
    pub(in crate::ingest) fn rows_by_bucket(self) -> impl Iterator<Item = (DayBucket, u64)> {
        self.sums.rows_by_bucket()
    }

    /// Returns the sums of a bucket by charge.
    pub(in crate::ingest) fn items(
        self,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) -> BucketExport<'a> {
        let Some(sums) = self.sums.get(bucket) else { return BucketExport::default() };
        let mut taken = TakenTexts::of(self.keys.strings(), places);
        let items = sums.items.iter().map(|(number, amounts)| {
            (self.keys.item(*number).translated(|symbol| taken.symbol(symbol)), *amounts)
        });
        let items = items.collect();
        BucketExport { items, texts: taken.texts, ..BucketExport::default() }
    }

    /// Returns the sums of a bucket by resource and by tag.
    pub(in crate::ingest) fn resources(
        self,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) -> BucketExport<'a> {
        let Some(sums) = self.sums.get(bucket) else { return BucketExport::default() };
        let mut taken = TakenTexts::of(self.keys.strings(), places);
        let mut symbol = |symbol| taken.symbol(symbol);
        let resources = sums.resources.iter().map(|(resource, (amounts, name))| {
            (resource.translated(&mut symbol), *amounts, symbol(*name))
        });
        let resources = resources.collect();
        let tags = sums.tags.iter();
        let tags = tags.map(|(tag, amounts)| (tag.translated(&mut symbol), *amounts)).collect();
        BucketExport { resources, tags, texts: taken.texts, ..BucketExport::default() }
    }

    /// Adds everything to daily sums.
    pub(in crate::ingest) fn enter_into(self, daily_sums: &mut DailySums) {
        let mut places = SymbolRemap::default();
        for (bucket, _) in self.rows_by_bucket() {
            self.enter_bucket_into(daily_sums, bucket, &mut places);
        }
    }

    /// Adds a bucket to daily sums.
    pub(in crate::ingest) fn enter_bucket_into(
        self,
        daily_sums: &mut DailySums,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) {
        daily_sums.enter(bucket, &self.items(bucket, places));
        daily_sums.enter(bucket, &self.resources(bucket, places));
    }
}

/// The exported symbol of each text, and the turn in which it was last exported: clearing all of
/// them for each bucket would take as long as the sums.
#[derive(Debug, Default)]
pub(in crate::ingest) struct SymbolRemap {
    turn: u32,
    of: Vec<(u32, Symbol)>,
}

/// The texts of an export.
struct TakenTexts<'a, 'p> {
    from: &'a Texts,
    texts: Vec<Encoding<'a>>,
    places: &'p mut SymbolRemap,
}

impl<'a, 'p> TakenTexts<'a, 'p> {
    fn of(strings: &'a Interner, places: &'p mut SymbolRemap) -> Self {
        let from = strings.texts();
        places.turn += 1;
        places.of.resize(from.len(), (0, Symbol::at(0)));
        Self { from, texts: Vec::new(), places }
    }

    fn symbol(&mut self, symbol: Symbol) -> Symbol {
        let (turn, place) = self.places.of[symbol.index()];
        if turn == self.places.turn {
            return place;
        }
        let form = self.from.form(symbol).translated(|part| self.symbol(part));
        self.texts.push(form);
        let place = Symbol::at(self.texts.len() - 1);
        self.places.of[symbol.index()] = (self.places.turn, place);
        place
    }
}
