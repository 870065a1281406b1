//! Checks the answers with Azure's own totals.

use std::collections::BTreeMap;

use jiff::civil::date;

use crate::billing::amount::Amount;
use crate::billing::period::Period;
use crate::control::{Answer, bad, read_balances, read_charges, read_page};

/// Checks an answer with totals: they are of days and of a month that were asked for, in a
/// currency, and agree with each other; the error for a bad answer is short enough for a line of
/// the log. The first byte chooses the call.
pub fn totals(bytes: &[u8]) {
    let Some((&call, answer)) = bytes.split_first() else { return };
    let period = Period::of(date(2026, 11, 20));
    let refused = match call % 3 {
        0 => {
            let mut costs = BTreeMap::new();
            let read = read_page(answer, period.days(), &mut costs);
            for ((day, currency), cost) in &costs {
                assert!(period.days().contains(*day) && cost.to_f64().is_finite());
                assert_currency(currency);
            }
            read.err()
        }
        1 => match read_balances(answer) {
            Ok(Answer::Known(balances)) => {
                assert_currency(&balances.currency);
                assert!(balances.total().to_f64().is_finite());
                let before =
                    balances.beginning_balance + balances.new_purchases + balances.adjustments;
                let off = balances.ending_balance + balances.utilized - before;
                assert!(off.abs() < Amount::ONE, "{balances:?}");
                None
            }
            Ok(Answer::NoData | Answer::NotAvailable(_)) => None,
            Err(why) => Some(why),
        },
        _ => match read_charges(answer, Some(period)) {
            Ok(charges) => {
                for charges in charges {
                    let days = period.days();
                    assert!(days.contains(charges.days.first) && days.contains(charges.days.last));
                    assert_currency(&charges.currency);
                    assert!(charges.total().to_f64().is_finite());
                }
                None
            }
            Err(why) => Some(why),
        },
    };
    if let Some(why) = refused {
        let line = bad("totals", &why).to_string();
        assert!(line.chars().count() < 350 && !line.contains(char::is_control), "{line:?}");
    }
}

fn assert_currency(currency: &str) {
    let capitals = currency.bytes().all(|letter| letter.is_ascii_uppercase());
    assert!(currency.len() == 3 && capitals, "{currency:?}");
}
