//! The machine and this process, as the system tells of them.

use std::sync::{Mutex, PoisonError};
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// What is asked, and kept between questions: how busy a processor is follows from two of them.
pub(crate) struct Machine(Mutex<System>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    /// Percent of all processors, and of memory.
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    /// Percent of one processor, and bytes resident, of this process.
    pub(crate) process_cpu: f64,
    pub(crate) process_memory: f64,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let machine = Self(Mutex::new(System::new()));
        machine.load();
        machine
    }

    /// Since it was asked last.
    pub(crate) fn load(&self) -> Load {
        let mut system = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let own = Pid::from_u32(std::process::id());
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, kind);
        let process = system.process(own);
        let total = system.total_memory().max(1) as f64;
        Load {
            cpu: f64::from(system.global_cpu_usage()).clamp(0.0, 100.0),
            memory: (system.used_memory() as f64 / total * 100.0).clamp(0.0, 100.0),
            process_cpu: process.map_or(0.0, |process| f64::from(process.cpu_usage())),
            process_memory: process.map_or(0.0, |process| process.memory() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_is_seen_to_be_busy() {
        let machine = Machine::new();
        let mut sum = 0_u64;
        // The system counts processor time in hundredths of a second, and others may be at work here too.
        for _ in 0..1_000 {
            let begin = std::time::Instant::now();
            while begin.elapsed() < std::time::Duration::from_millis(300) {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
            let load = machine.load();
            assert!(load.memory > 0.0 && load.process_memory > 1_000_000.0, "{load:?}");
            if load.process_cpu > 0.0 && load.cpu > 0.0 {
                return;
            }
        }
        panic!("never seen to be busy, after counting to {sum}");
    }
}
