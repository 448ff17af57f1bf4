//! Ctrl-C and SIGTERM: the program that runs is told, and the command ends by its own cleaning up.

use crate::Failure;
use std::{
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Leaders of the process groups that run now.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// From now on a signal stops the running programs instead of this process.
pub fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        // Asked twice: no more patience.
        let signal = if INTERRUPTED.swap(true, Ordering::SeqCst) { "KILL" } else { "TERM" };
        for group in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            send(signal, *group);
        }
    })
    .map_err(|error| Failure::new(format!("signals cannot be handled: {error}")))
}

/// # Errors
/// When a signal came; the exit code is the shell's for it.
pub fn check() -> Result<(), Failure> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err(Failure { message: "interrupted".to_owned(), code: 130 });
    }
    Ok(())
}

pub fn watch(group: u32) {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(group);
}

pub fn forget(group: u32) {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != group);
}

/// Sends to a whole process group.
pub fn send(signal: &str, group: u32) {
    let target = format!("-{group}");
    let _ = Command::new("kill").args(["-s", signal, "--", &target]).stderr(Stdio::null()).status();
}
