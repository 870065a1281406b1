//! The cost of a piece of work: memory, and CPU time of this process, which other processes of a
//! busy machine change little.

use procfs::process::Process;
use rustix::time::{ClockId, clock_gettime};

/// Returns the seconds of CPU of all threads of this process so far.
pub(crate) fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Returns the seconds of CPU that some work took, and its result.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu();
    let result = work();
    (cpu() - before, result)
}

/// Returns the median of some measurements.
pub(crate) fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_unstable_by(f64::total_cmp);
    measured[measured.len() / 2]
}

/// Returns the resident memory in MB that some work added at its peak, and its result.
pub(crate) fn grown<T>(work: impl FnOnce() -> T) -> (f64, T) {
    // proc(5): this resets the peak to the current memory.
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak can be reset");
    let before = memory(|status| status.vmrss);
    let result = work();
    (memory(|status| status.vmhwm) - before, result)
}

fn memory(field: fn(&procfs::process::Status) -> Option<u64>) -> f64 {
    let status = Process::myself().and_then(|process| process.status()).expect("/proc");
    field(&status).expect("a number") as f64 * 1024.0 / 1e6
}
