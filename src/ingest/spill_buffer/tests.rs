use super::*;
use crate::billing::amount::Amount;
use jiff::civil::date;

fn day(day: i8) -> DayBucket {
    DayBucket::own(date(2026, 11, day))
}

/// Adds some resources a day, all with different names, to a buffer and to one that never writes.
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

#[test]
fn what_was_written_comes_back_with_what_was_not() {
    let mut spill_buffer = SpillBuffer::default();
    let mut memory = RowAccumulator::default();
    for part in 0..6 {
        note((&mut spill_buffer, &mut memory), 1..11, 1_500, &format!("part-{part}"));
    }
    let mut other = SpillBuffer::default();
    for part in 0..5 {
        note((&mut other, &mut memory), 10..12, 5_000, &format!("other-{part}"));
    }
    note((&mut other, &mut memory), 11..12, 100, "few");
    spill_buffer.adopt(other);
    assert!(!spill_buffer.written.is_empty(), "more than memory may hold");
    assert!(spill_buffer.rows.sums() <= MOST_SUMS);
    let rows = 6 * 10 * 1_500 + 5 * 2 * 5_000 + 100;
    assert_eq!(spill_buffer.rows_by_bucket().into_values().sum::<u64>(), rows);
    assert_eq!(spill_buffer.buckets().count(), 11);
    let mut whole = DailySums::default();
    memory.enter_into(&mut whole);
    for bucket in spill_buffer.buckets() {
        let whole = whole.only(bucket);
        assert_eq!(spill_buffer.items(bucket).unwrap().rows(), whole.rows(), "{bucket:?}");
        let mut taken = DailySums::default();
        for part in spill_buffer.parts(bucket) {
            let part = part.unwrap();
            assert!(part.sums() <= MOST_SUMS + 5_000, "{}", part.sums());
            taken.absorb(&part);
        }
        assert!(taken.listed() == whole.listed(), "{bucket:?}");
    }
    let days = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 10) };
    assert_eq!(spill_buffer.rows_outside(days).into_values().sum::<u64>(), 25_100);
    assert!(spill_buffer.into_daily_sums().unwrap().listed() == whole.listed());
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
}

/// Compares all results of a buffer with those of the same rows that were never written.
fn assert_is(spill_buffer: SpillBuffer, memory: &RowAccumulator) {
    let mut whole = DailySums::default();
    memory.enter_into(&mut whole);
    let rows: BTreeMap<DayBucket, u64> = whole.rows_by_bucket().collect();
    assert_eq!(
        spill_buffer.buckets().collect::<Vec<_>>(),
        rows.keys().copied().collect::<Vec<_>>()
    );
    let nowhere = DayRange { first: date(2020, 1, 1), last: date(2020, 1, 1) };
    let by_date = rows.iter().map(|(bucket, rows)| (bucket.date, *rows)).collect();
    assert_eq!(spill_buffer.rows_outside(nowhere), by_date);
    for (bucket, rows) in rows {
        let items = spill_buffer.items(bucket).unwrap();
        assert_eq!((items.rows(), items.newest_usage(bucket.date)), (rows, Some(bucket.date)));
        let mut taken = DailySums::default();
        spill_buffer.parts(bucket).for_each(|part| taken.absorb(&part.unwrap()));
        assert!(taken.listed() == whole.only(bucket).listed(), "{bucket:?}");
    }
    assert!(spill_buffer.into_daily_sums().unwrap().listed() == whole.listed());
}

#[test]
fn where_no_file_can_be_made_files_of_a_report_add_up_in_memory() {
    let mut memory = RowAccumulator::default();
    let mut spill_buffer = SpillBuffer::default();
    for file in ["first", "second"] {
        let mut of_file = SpillBuffer { in_memory: true, ..SpillBuffer::default() };
        note((&mut of_file, &mut memory), 1..4, 50, file);
        spill_buffer.adopt(of_file);
    }
    spill_buffer.finish();
    assert!(spill_buffer.written.is_empty());
    assert_is(spill_buffer, &memory);
}

#[test]
fn where_the_disk_is_full_in_the_middle_what_was_written_and_what_was_not_add_up() {
    let mut memory = RowAccumulator::default();
    let mut spill_buffer = SpillBuffer::default();
    note((&mut spill_buffer, &mut memory), 1..3, MOST_SUMS, "written");
    let (_, end) = spill_buffer.file.take().unwrap();
    // Nothing can be written to it any more.
    spill_buffer.file = Some((Arc::new(File::open("/dev/null").unwrap()), end));
    note((&mut spill_buffer, &mut memory), 2..5, 50, "kept");
    spill_buffer.finish();
    assert!(
        spill_buffer.in_memory && !spill_buffer.written.is_empty() && spill_buffer.rows.sums() > 0
    );
    assert_is(spill_buffer, &memory);
}
