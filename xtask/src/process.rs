//! Running other programs.

use crate::{Failure, interrupt};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
};

/// Runs to the end, with our own stdout and stderr.
///
/// # Errors
/// When it cannot be started, or ends badly; the failure carries its exit code.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = wait(spawn(command)?)?;
    expect_success(command, status)
}

/// Runs to the end, hands each line of stdout to `line`. Returns whether it ended well.
pub fn run_reading(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool, Failure> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    for text in BufReader::new(stdout).split(b'\n') {
        line(&String::from_utf8_lossy(&text?));
    }
    Ok(wait(child)?.success())
}

/// What it says on stdout; `None` when it is missing or ends badly.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Gives this process over to the program: its signals, its exit code.
pub fn become_it(command: &mut Command) -> Failure {
    let error = command.exec();
    Failure::new(format!("{} could not be started: {error}", name(command)))
}

/// Starts in a process group of its own, so that a signal can reach everything it starts in turn.
fn spawn(command: &mut Command) -> Result<Child, Failure> {
    let child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| Failure::new(format!("{} could not be started: {error}", name(command))))?;
    interrupt::watch(child.id());
    Ok(child)
}

fn wait(mut child: Child) -> Result<ExitStatus, Failure> {
    let status = child.wait();
    interrupt::forget(child.id());
    interrupt::check()?;
    Ok(status?)
}

fn expect_success(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Err(Failure { message: format!("{} ended with {status}", name(command)), code })
}

fn name(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().take(3).map(|word| word.to_string_lossy().into_owned()));
    format!("`{}{}`", words.join(" "), if command.get_args().len() > 3 { " …" } else { "" })
}
