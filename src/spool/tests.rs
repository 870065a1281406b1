use super::*;
use crate::billing::amount::Amount;
use jiff::civil::date;

fn day(day: i8) -> Slot {
    Slot::own(date(2026, 11, day))
}

/// Notes some resources a day, all with other names, in a reading and in one that never writes.
fn note(
    (spool, memory): (&mut Spool, &mut Gathering),
    days: std::ops::Range<i8>,
    resources: usize,
    prefix: &str,
) {
    for of_day in days {
        for number in 0..resources {
            let id = format!("/subscriptions/s/resourceGroups/g/x/{prefix}-{number}");
            let cost = Amount::parse(&format!("{of_day}.{number}1")).unwrap().amount;
            let charge = Charge { instance_id: id.into(), cost, ..Charge::default() };
            spool.note(&charge, day(of_day));
            memory.note(&charge, day(of_day));
        }
    }
    spool.count();
    memory.count();
}

#[test]
fn what_was_written_comes_back_with_what_was_not() {
    let mut spool = Spool::default();
    let mut memory = Gathering::default();
    for part in 0..6 {
        note((&mut spool, &mut memory), 1..11, 1_500, &format!("part-{part}"));
    }
    let mut other = Spool::default();
    for part in 0..5 {
        note((&mut other, &mut memory), 10..12, 5_000, &format!("other-{part}"));
    }
    note((&mut other, &mut memory), 11..12, 100, "few");
    spool.adopt(other);
    assert!(!spool.written.is_empty(), "more than memory may hold");
    assert!(spool.rows.sums() <= MOST_SUMS);
    let rows = 6 * 10 * 1_500 + 5 * 2 * 5_000 + 100;
    assert_eq!(spool.rows_by_slot().into_values().sum::<u64>(), rows);
    assert_eq!(spool.slots().count(), 11);
    let mut whole = Ledger::default();
    memory.enter_into(&mut whole);
    for slot in spool.slots() {
        let whole = whole.only(slot);
        assert_eq!(spool.items(slot).unwrap().rows(), whole.rows(), "{slot:?}");
        let mut taken = Ledger::default();
        for part in spool.parts(slot) {
            let part = part.unwrap();
            assert!(part.sums() <= MOST_SUMS + 5_000, "{}", part.sums());
            taken.absorb(&part);
        }
        assert!(taken.told() == whole.told(), "{slot:?}");
    }
    let days = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 10) };
    assert_eq!(spool.rows_outside(days).into_values().sum::<u64>(), 25_100);
    assert!(spool.into_ledger().unwrap().told() == whole.told());
}

#[test]
fn rows_of_another_month_become_guests_wherever_they_are() {
    let mut spool = Spool::default();
    let mut memory = Gathering::default();
    note((&mut spool, &mut memory), 1..3, 25_000, "early");
    note((&mut spool, &mut memory), 3..4, 5, "late");
    let december = Period::of(date(2026, 12, 1));
    let spool = spool.into_period(december);
    let guests = Slot::of_period(date(2026, 11, 1), december);
    assert_eq!(spool.slots().collect::<Vec<_>>(), [guests]);
    assert_eq!(spool.items(guests).unwrap().rows(), 50_005);
    assert_eq!(spool.parts(guests).map(|part| part.unwrap().rows()).sum::<u64>(), 50_005);
}

/// Compares everything that is asked of a reading with the same rows that were never written.
fn assert_is(spool: Spool, memory: &Gathering) {
    let mut whole = Ledger::default();
    memory.enter_into(&mut whole);
    let rows: BTreeMap<Slot, u64> = whole.rows_by_slot().collect();
    assert_eq!(spool.slots().collect::<Vec<_>>(), rows.keys().copied().collect::<Vec<_>>());
    let nowhere = DayRange { first: date(2020, 1, 1), last: date(2020, 1, 1) };
    let by_date = rows.iter().map(|(slot, rows)| (slot.date, *rows)).collect();
    assert_eq!(spool.rows_outside(nowhere), by_date);
    for (slot, rows) in rows {
        let items = spool.items(slot).unwrap();
        assert_eq!((items.rows(), items.newest_usage(slot.date)), (rows, Some(slot.date)));
        let mut taken = Ledger::default();
        spool.parts(slot).for_each(|part| taken.absorb(&part.unwrap()));
        assert!(taken.told() == whole.only(slot).told(), "{slot:?}");
    }
    assert!(spool.into_ledger().unwrap().told() == whole.told());
}

#[test]
fn where_no_file_can_be_made_files_of_a_report_add_up_in_memory() {
    let mut memory = Gathering::default();
    let mut spool = Spool::default();
    for file in ["first", "second"] {
        let mut of_file = Spool { in_memory: true, ..Spool::default() };
        note((&mut of_file, &mut memory), 1..4, 50, file);
        spool.adopt(of_file);
    }
    spool.finish();
    assert!(spool.written.is_empty());
    assert_is(spool, &memory);
}

#[test]
fn where_the_disk_is_full_in_the_middle_what_was_written_and_what_was_not_add_up() {
    let mut memory = Gathering::default();
    let mut spool = Spool::default();
    note((&mut spool, &mut memory), 1..3, MOST_SUMS, "written");
    let (_, end) = spool.file.take().unwrap();
    // Nothing can be written to it any more.
    spool.file = Some((Arc::new(File::open("/dev/null").unwrap()), end));
    note((&mut spool, &mut memory), 2..5, 50, "kept");
    spool.finish();
    assert!(spool.in_memory && !spool.written.is_empty() && spool.rows.sums() > 0);
    assert_is(spool, &memory);
}
