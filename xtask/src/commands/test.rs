//! `cargo xtask test`: every test there is, and a table of what came of it.

use super::build;
use crate::{
    Failure,
    args::TestArgs,
    interrupt,
    prerequisites::{self, Need},
    progress::{Steps, seconds},
    services::{self, Program, Services},
    site::{self, Profile},
    suites::{self, Counts, Row, Setting, Suite},
    workspace,
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

pub fn test(args: TestArgs) -> Result<(), Failure> {
    interrupt::install()?;
    let suites = suites::chosen(&args.only)?;
    let browser = suites.contains(&Suite::Browser);
    let clients = suites.contains(&Suite::Clients);
    let rust = suites.iter().any(|suite| suite.is_rust());
    let began = Instant::now();
    let mut steps =
        Steps::new(1 + usize::from(rust) * 2 + usize::from(browser) + usize::from(browser || clients) + suites.len());
    let mut rows = Vec::new();

    steps.step("Looking at the machine", || {
        prerequisites::check(if browser || clients { &[Need::Python, Need::Node] } else { &[Need::Python] })?;
        prerequisites::wasm_target()
    })?;
    let services = if rust { Some(databases(&mut steps, &mut rows)?) } else { None };
    let chromium = if browser { chromium(&mut steps, &mut rows)? } else { None };
    let built = match rust {
        true => compiled(&mut rows, "compile", steps.step("Compiling the tests", suites::compile))?.is_some(),
        false => true,
    };
    let server = match (browser, clients) {
        (true, _) => compiled(&mut rows, "build", steps.step("Building the product", product))?,
        (false, true) => compiled(&mut rows, "build", steps.step("Building the server", || build::server(false, &[])))?,
        (false, false) => None,
    };

    let env = services.as_ref().map_or(&[][..], |services| &services.env);
    let setting = Setting { args: &args, env, server, chromium };
    for suite in suites {
        let row = match suite.is_rust() && !built {
            true => failed(suite.word(), "it did not compile".to_owned(), Duration::ZERO),
            false => run(&mut steps, suite, &setting),
        };
        interrupt::check()?;
        rows.push(row);
    }
    // Stopped before the summary: a service that hangs is seen.
    drop(services);
    suites::print(&rows);
    conclude(&rows, began.elapsed())
}

fn databases(steps: &mut Steps, rows: &mut Vec<Row>) -> Result<Services, Failure> {
    let services = steps.step("Starting PostgreSQL and Redis", services::start)?;
    rows.extend(services.missing.iter().map(|reason| failed("services", reason.clone(), Duration::ZERO)));
    Ok(services)
}

fn chromium(steps: &mut Steps, rows: &mut Vec<Row>) -> Result<Option<PathBuf>, Failure> {
    let found = steps.step("Looking for Chromium", || services::find_or_install(Program::Chromium));
    interrupt::check()?;
    if let Err(failure) = &found {
        rows.push(failed("chromium", failure.message.clone(), Duration::ZERO));
    }
    Ok(found.ok())
}

/// What does not compile is a row of its own; the suites that can still run do.
fn compiled<T>(rows: &mut Vec<Row>, name: &str, result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    interrupt::check()?;
    if let Err(failure) = &result {
        rows.push(failed(name, failure.message.clone(), Duration::ZERO));
    }
    Ok(result.ok())
}

/// Browser part and server, once for all stories and clients.
fn product() -> Result<PathBuf, Failure> {
    site::compile(Profile::Dev)?;
    site::bindgen(Profile::Dev)?;
    site::style()?;
    build::server(false, &[])
}

fn run(steps: &mut Steps, suite: Suite, setting: &Setting) -> Row {
    let began = Instant::now();
    let result = steps.step(suite.title(), || match suite.run(setting) {
        Ok(counts) if counts.failed > 0 => Err((Some(counts), None)),
        Ok(counts) => Ok(counts),
        Err(failure) => Err((None, Some(failure.message))),
    });
    let took = began.elapsed();
    match result {
        Ok(counts) | Err((Some(counts), _)) => Row { name: suite.word().to_owned(), counts, took, reason: None },
        Err((None, reason)) => failed(suite.word(), reason.unwrap_or_default(), took),
    }
}

fn failed(name: &str, reason: String, took: Duration) -> Row {
    let counts = Counts { failed: 1, ..Counts::default() };
    Row { name: name.to_owned(), counts, took, reason: Some(reason) }
}

fn conclude(rows: &[Row], took: Duration) -> Result<(), Failure> {
    let passed: u32 = rows.iter().map(|row| row.counts.passed).sum();
    let failures: u32 = rows.iter().map(|row| row.counts.failed).sum();
    eprintln!("\n{passed} passed, {failures} failed in {} ({})", seconds(took), workspace::target().display());
    if failures > 0 {
        return Err(Failure::new(format!("{failures} failed")));
    }
    Ok(())
}
