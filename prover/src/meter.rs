//! What a phase costs: wall time, CPU time of the process, peak memory.

use std::time::Instant;

use nix::sys::resource::{getrusage, UsageWho};

/// A running measurement.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    wall: Instant,
    cpu: f64,
}

/// Seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Wall time.
    pub wall_s: f64,
    /// User and system time of all threads.
    pub cpu_s: f64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.wall_s += other.wall_s;
        self.cpu_s += other.cpu_s;
    }
}

impl Meter {
    /// Begins.
    pub fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    /// What it has cost so far.
    pub fn cost(&self) -> Cost {
        Cost {
            wall_s: self.wall.elapsed().as_secs_f64(),
            cpu_s: cpu_seconds() - self.cpu,
        }
    }
}

fn cpu_seconds() -> f64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        [usage.user_time(), usage.system_time()]
            .iter()
            .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
            .sum()
    })
}

/// The greatest resident memory of the process so far, in bytes.
pub fn peak_rss_bytes() -> u64 {
    // Kilobytes, on Linux.
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss().unsigned_abs() * 1024)
}
