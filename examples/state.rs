//! Prints what a state file has of a scope: the days, their rows, and when they were read.
//!
//! `cargo run --example state -- FILE TYPE/ID`, for example
//! `cargo run --example state -- state.redb department/1234`. The file is copied first, because
//! only one process can open it, and one that is damaged would be set aside.

use std::error::Error;
use std::sync::Arc;

use azure_billing_exporter::billing::scope::ScopeId;
use azure_billing_exporter::billing::scope_totals::ScopeTotals;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::poller::Clock;
use azure_billing_exporter::store::{Archive, Store};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, scope] = arguments.as_slice() else {
        return Err("give a state file, and a scope: state.redb department/1234".into());
    };
    let config = Config::from_flags(std::slice::from_ref(scope), &Environment::default())?;
    let scope = &config.scopes[0].id;
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("state.redb");
    std::fs::copy(file, &copy)?;
    let now = Clock::system().now();
    let store = Arc::new(Store::open(&copy, Box::new(move || now))?);
    let (_, restored) = Archive::open(store, scope);
    let totals = restored?.scope_totals.ok_or_else(|| format!("nothing is stored of {scope}"))?;
    print(scope, &totals);
    Ok(())
}

fn print(scope: &ScopeId, totals: &ScopeTotals) {
    let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.to_string());
    let suspect: Vec<Date> = totals.suspect().map(|bucket| bucket.date).collect();
    println!("{scope}, last read at {}", time(totals.read_at()));
    println!("{:<12} {:>9}  read at", "day", "rows");
    let (Some(first), Some(open)) = (totals.first_day(), totals.open()) else { return };
    let last = open.days().last;
    for day in first.series(1.day()).take_while(|day| *day <= last) {
        let Some(rows) = totals.rows_of(day) else { continue };
        let mark = if suspect.contains(&day) { "  suspect" } else { "" };
        println!("{:<12} {rows:>9}  {}{mark}", day.to_string(), time(totals.day_read_at(day)));
    }
}
