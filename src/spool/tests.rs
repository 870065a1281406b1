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
