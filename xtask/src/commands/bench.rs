//! `cargo xtask bench engine|hub [--quick] [--store sqlite|postgres] [--peer restate|realtime]`: the figures, one JSON
//! object per line on stdout.

use super::build;
use crate::{Failure, cargo::cargo, interrupt, npm, prerequisites, process, progress::Steps, services, workspace};
use std::{ffi::OsString, process::Command};

pub fn bench(args: Vec<OsString>) -> Result<(), Failure> {
    interrupt::install()?;
    let has = |option: &str, value: &str| args.windows(2).any(|pair| pair[0] == option && pair[1] == value);
    let on_postgres = has("--store", "postgres");
    let peers = [("restate", "SIGNALBOX_BENCH_RESTATE"), ("realtime", "SIGNALBOX_BENCH_REALTIME")];
    let peer = peers.into_iter().find(|(name, _)| has("--peer", name));
    let mut steps = Steps::new(3 + usize::from(on_postgres) + usize::from(peer.is_some()));
    let server = steps.step("Compiling the server (release)", || {
        prerequisites::check(&[])?;
        build::server(true, &[])
    })?;
    steps.step("Compiling the load generators (release)", || {
        process::run(cargo("build").args(["--release", "--package", "bench"]))
    })?;
    let mut command = Command::new(workspace::target().join("release").join("signalbox-bench"));
    command.args(&args).env("SIGNALBOX_BIN", server);
    if let Some((name, variable)) = peer {
        let folder = workspace::root().join("crates/bench/peers").join(name);
        steps.step("The peers' packages (npm)", || npm::packages(&folder))?;
        command.env(variable, folder);
    }
    // Runs until the figures are there.
    let _postgres = match on_postgres {
        true => {
            let services = steps.step("PostgreSQL, durable", services::durable_postgres)?;
            command.envs(services.env.iter().map(|(name, url)| (*name, url.as_str())));
            Some(services)
        }
        false => None,
    };
    steps.step("Measuring", || process::run(&mut command))
}
