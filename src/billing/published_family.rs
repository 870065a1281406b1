//! What a metric family is: its name, help and labels, and where its samples come from.

use super::families::InHistory;
use super::limits::Limit;
use super::reconciliation::Month;
use super::sample::Sink;
use super::snapshot::Snapshot;

/// A metric family of costs, usage or what follows from them. All are gauges.
#[derive(Clone, Copy, Debug)]
pub struct PublishedFamily {
    /// The metric's name.
    pub name: &'static str,
    /// Its help.
    pub help: &'static str,
    /// Its labels besides `scope`.
    pub labels: &'static [&'static str],
    /// The limit that bounds its series by their costs; `None` if its rows have none.
    pub limit: Option<Limit>,
    /// Whether a history of closed months has it.
    pub history: InHistory,
    /// Where its samples come from.
    pub(super) samples: Samples,
}

/// The place where the samples of a family are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Samples {
    /// They follow from the sums of a snapshot.
    Sums(fn(&Snapshot, &mut Sink<'_>)),
    /// They are facts that Azure has stated.
    Statement,
    /// They are of whole months, each with its period.
    Months(fn((&str, &Month), &mut Sink<'_>)),
}

impl PublishedFamily {
    /// Passes every sample of a snapshot on, in the order of the label values.
    pub fn each(&self, snapshot: &Snapshot, sink: &mut Sink<'_>) {
        match self.samples {
            Samples::Sums(each) => each(snapshot, sink),
            Samples::Statement => snapshot.statement.each(self.name, sink),
            Samples::Months(each) => {
                for (period, month) in &snapshot.months {
                    each((&period.to_string(), month), sink);
                }
            }
        }
    }
}
