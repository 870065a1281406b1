//! Tests that a buffer has the sums of the pages that were committed, wherever they are.

use std::fs::File;

use jiff::civil::date;
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::super::row_accumulator::tests::charges;
use super::*;
use crate::billing::amount::Amount;

fn day(day: i8) -> DayBucket {
    DayBucket::own(date(2026, 11, day))
}

/// Adds a page of some resources a day, all with different names, to a buffer and to one that never
/// writes.
fn note(
    (spill_buffer, memory): (&mut SpillBuffer, &mut RowAccumulator),
    days: std::ops::Range<i8>,
    resources: usize,
    prefix: &str,
) {
    for of_day in days {
        for number in 0..resources {
            let id = format!("/subscriptions/s/resourceGroups/g/x/{prefix}-{number}");
            let cost = Amount::parse(&format!("{of_day}.{number}1")).unwrap().amount;
            let charge = Charge { instance_id: id.into(), cost, ..Charge::default() };
            spill_buffer.push(&charge, day(of_day));
            memory.push(&charge, day(of_day));
        }
    }
    spill_buffer.commit_page();
    memory.commit_page();
}

fn is_written(spill_buffer: &SpillBuffer) -> bool {
    !spill_buffer.pieces.committed().is_empty()
}

/// Compares all results of a buffer with those of the same rows that were never written.
fn assert_is(spill_buffer: SpillBuffer, memory: &RowAccumulator) {
    let mut whole = DailySums::default();
    memory.committed().enter_into(&mut whole);
    let rows: BTreeMap<DayBucket, u64> = whole.rows_by_bucket().collect();
    assert_eq!(spill_buffer.rows_by_bucket(), rows);
    assert!(spill_buffer.buckets().eq(rows.keys().copied()));
    let nowhere = DayRange { first: date(2020, 1, 1), last: date(2020, 1, 1) };
    let in_day = rows.iter().filter(|(bucket, _)| bucket.dated == Dated::InDay);
    let by_date = in_day.map(|(bucket, rows)| (bucket.date, *rows)).collect();
    assert_eq!(spill_buffer.rows_outside(nowhere), by_date);
    let in_memory = spill_buffer.in_memory;
    let most = spill_buffer.bounds.sums + spill_buffer.bounds.pending;
    for (bucket, rows) in rows {
        let of_bucket = whole.only(bucket);
        let items = spill_buffer.items(bucket).unwrap();
        assert_eq!(items.rows(), rows);
        assert_eq!(items.newest_usage(bucket.date), of_bucket.newest_usage(bucket.date));
        assert_eq!(items.currencies(), of_bucket.currencies());
        let mut taken = DailySums::default();
        for part in spill_buffer.parts(bucket) {
            let part = part.unwrap();
            assert!(in_memory || part.sums() <= most, "{} sums", part.sums());
            taken.absorb(&part);
        }
        assert!(taken.listed() == of_bucket.listed(), "{bucket:?}");
    }
    assert!(spill_buffer.into_daily_sums().unwrap().listed() == whole.listed());
}

#[test]
fn what_was_written_comes_back_with_what_was_not() {
    let mut spill_buffer = SpillBuffer::default();
    let mut memory = RowAccumulator::default();
    for page in 0..6 {
        note((&mut spill_buffer, &mut memory), 1..11, 1_500, &format!("page-{page}"));
    }
    for page in 0..5 {
        note((&mut spill_buffer, &mut memory), 10..12, 5_000, &format!("other-{page}"));
    }
    note((&mut spill_buffer, &mut memory), 11..12, 100, "few");
    assert!(is_written(&spill_buffer), "more than memory may hold");
    assert!(spill_buffer.rows.sums() <= spill_buffer.bounds.sums);
    let rows = 6 * 10 * 1_500 + 5 * 2 * 5_000 + 100;
    assert_eq!(spill_buffer.rows_by_bucket().into_values().sum::<u64>(), rows);
    assert_eq!(spill_buffer.buckets().count(), 11);
    let days = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 10) };
    assert_eq!(spill_buffer.rows_outside(days).into_values().sum::<u64>(), 25_100);
    assert_is(spill_buffer, &memory);
}

#[test]
fn a_long_page_that_is_rolled_back_leaves_nothing() {
    let mut spill_buffer = SpillBuffer::default();
    let mut memory = RowAccumulator::default();
    for page in ["first", "second"] {
        note((&mut spill_buffer, &mut memory), 1..3, 600, page);
        let pieces = spill_buffer.pieces.committed().len();
        for number in 0..20_000 {
            let id = format!("/subscriptions/s/resourceGroups/g/x/{page}-lost-{number}");
            spill_buffer.push(&Charge { instance_id: id.into(), ..Charge::default() }, day(5));
        }
        assert!(spill_buffer.pieces.open() > 1, "parts of the page were written");
        spill_buffer.rollback_page();
        assert_eq!(spill_buffer.pieces.open(), 0);
        assert!(spill_buffer.pieces.committed().len() > pieces, "what counts was set aside");
    }
    assert_is(spill_buffer, &memory);
}

#[test]
fn rows_of_another_month_become_late_rows_wherever_they_are() {
    let mut spill_buffer = SpillBuffer::default();
    let mut memory = RowAccumulator::default();
    note((&mut spill_buffer, &mut memory), 1..3, 25_000, "early");
    note((&mut spill_buffer, &mut memory), 3..4, 5, "late");
    let december = Period::of(date(2026, 12, 1));
    let spill_buffer = spill_buffer.into_period(december);
    let late = DayBucket::of_period(date(2026, 11, 1), december);
    assert_eq!(spill_buffer.buckets().collect::<Vec<_>>(), [late]);
    assert_eq!(spill_buffer.items(late).unwrap().rows(), 50_005);
    assert_eq!(spill_buffer.parts(late).map(|part| part.unwrap().rows()).sum::<u64>(), 50_005);
    assert_is(spill_buffer, &memory.into_period(december));
}

#[test]
fn where_the_disk_is_full_in_the_middle_what_was_written_and_what_was_not_add_up() {
    let mut memory = RowAccumulator::default();
    let mut spill_buffer = SpillBuffer::default();
    note((&mut spill_buffer, &mut memory), 1..3, Bounds::default().sums, "written");
    // Nothing can be written to it any more.
    spill_buffer.pieces.write_to(File::open("/dev/null").unwrap());
    note((&mut spill_buffer, &mut memory), 2..5, 50, "kept");
    spill_buffer.finish();
    assert!(spill_buffer.in_memory && is_written(&spill_buffer) && spill_buffer.rows.sums() > 0);
    assert_is(spill_buffer, &memory);
}

#[test]
fn a_file_that_cannot_be_read_back_is_an_error() {
    let mut spill_buffer = SpillBuffer::default();
    let file = NamedTempFile::new().unwrap();
    spill_buffer.pieces.write_to(file.reopen().unwrap());
    note((&mut spill_buffer, &mut RowAccumulator::default()), 1..2, 9_000, "lost");
    file.as_file().set_len(10).unwrap();
    let error = spill_buffer.items(day(1)).unwrap_err();
    assert!(matches!(error, SpillError::Unreadable(_)), "{error}");
    assert!(spill_buffer.parts(day(1)).any(|part| part.is_err()));
    assert!(spill_buffer.into_daily_sums().is_err());
}

/// What happens to a buffer.
#[derive(Clone, Debug)]
enum Step {
    Push(Box<(Charge<'static>, DayBucket)>),
    Commit,
    Rollback,
    /// From now on nothing can be written to the file.
    FileFails,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        40 => charges().prop_map(|row| Step::Push(Box::new(row))),
        4 => Just(Step::Commit),
        3 => Just(Step::Rollback),
        1 => Just(Step::FileFails),
    ];
    proptest::collection::vec(step, 0..150)
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (1..5_usize, 0..8_usize, 0..40_usize).prop_map(|(pending, sums, texts)| Bounds {
        pending,
        sums,
        texts,
    })
}

/// Takes all steps with a buffer. Returns it, and the rows that count, in memory.
fn taken(steps: Vec<Step>, bounds: Bounds) -> (SpillBuffer, RowAccumulator) {
    let keys: TagKeys = vec!["env".to_owned()].into();
    let mut spill_buffer = SpillBuffer { bounds, ..SpillBuffer::new(&keys) };
    let (mut memory, mut page) = (RowAccumulator::new(keys), Vec::new());
    let file = NamedTempFile::new().unwrap();
    spill_buffer.pieces.write_to(file.reopen().unwrap());
    for step in steps {
        match step {
            Step::Push(row) => {
                spill_buffer.push(&row.0, row.1);
                page.push(row);
            }
            Step::Commit => {
                spill_buffer.commit_page();
                page.drain(..).for_each(|row| memory.push(&row.0, row.1));
            }
            Step::Rollback => {
                spill_buffer.rollback_page();
                page.clear();
            }
            Step::FileFails => spill_buffer.pieces.write_to(File::open(file.path()).unwrap()),
        }
        let Bounds { pending, sums, .. } = spill_buffer.bounds;
        assert!(spill_buffer.rows.pending() <= pending);
        assert!(spill_buffer.in_memory || spill_buffer.rows.sums() <= sums);
    }
    memory.commit_page();
    (spill_buffer, memory)
}

proptest! {
    #[test]
    fn what_counts_is_what_was_committed_whatever_happens(
        steps in steps(), bounds in bounds(), is_finished in any::<bool>(), moves in any::<bool>()
    ) {
        let (mut spill_buffer, mut memory) = taken(steps, bounds);
        if is_finished {
            spill_buffer.finish();
        }
        if moves {
            let december = Period::of(date(2026, 12, 1));
            spill_buffer = spill_buffer.into_period(december);
            memory = memory.into_period(december);
        }
        assert_is(spill_buffer, &memory);
    }
}
