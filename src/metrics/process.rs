//! The usual `process_*` families, from `/proc`. Systems other than Linux have none.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

#[cfg(not(target_os = "linux"))]
pub(super) fn encode(_: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    Ok(())
}

#[cfg(target_os = "linux")]
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let Ok(usage) = Usage::read() else { return Ok(()) };
    let cpu = encoder.encode_descriptor(
        "process_cpu_seconds",
        "Total user and system CPU time.",
        None,
        MetricType::Counter,
    )?;
    ConstCounter::new(usage.cpu_seconds).encode(cpu)?;
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Resident memory.", usage.resident_bytes),
        ("process_virtual_memory_bytes", "Virtual memory.", usage.virtual_bytes),
        ("process_open_fds", "Open file descriptors.", usage.open_fds),
        ("process_max_fds", "Maximum number of open file descriptors.", usage.max_fds),
        ("process_threads", "Threads.", usage.threads),
        ("process_start_time_seconds", "When the process started.", usage.start_seconds),
    ] {
        ConstGauge::new(value).encode(encoder.encode_descriptor(
            name,
            help,
            None,
            MetricType::Gauge,
        )?)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
struct Usage {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    open_fds: f64,
    max_fds: f64,
    threads: f64,
    start_seconds: f64,
}

#[cfg(target_os = "linux")]
impl Usage {
    fn read() -> procfs::ProcResult<Self> {
        use procfs::WithCurrentSystemInfo;
        let process = procfs::process::Process::myself()?;
        let stat = process.stat()?;
        let ticks = procfs::ticks_per_second() as f64;
        let boot = boot_seconds();
        let max_fds = match process.limits()?.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(limit) => limit as f64,
            procfs::process::LimitValue::Unlimited => f64::INFINITY,
        };
        Ok(Self {
            cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
            resident_bytes: stat.rss_bytes().get() as f64,
            virtual_bytes: stat.vsize as f64,
            open_fds: process.fd_count()? as f64,
            max_fds,
            threads: stat.num_threads as f64,
            start_seconds: boot + stat.starttime as f64 / ticks,
        })
    }
}

/// Returns when the system started, in whole seconds. `/proc/stat` has this as well, but systemd's
/// `ProcSubset=pid` hides that file.
#[cfg(target_os = "linux")]
fn boot_seconds() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let (now, since_boot) = (clock_gettime(ClockId::Realtime), clock_gettime(ClockId::Boottime));
    let seconds = (now.tv_sec - since_boot.tv_sec) as f64;
    (seconds + (now.tv_nsec - since_boot.tv_nsec) as f64 / 1e9).floor()
}
