//! Load generators and figures: `cargo xtask bench engine` and `cargo xtask bench hub`, with `--quick`,
//! `--store sqlite|postgres`, and `--peer` for others beside us.
//!
//! One JSON object per line on stdout, what is going on to stderr. Cases run interleaved, in rounds, a peer's beside
//! ours; a figure is the median of its rounds, since disks and neighbours change within minutes.
//!
//! Absences: nothing here is part of the product; no figure is kept, compared or judged.

mod conditions;
mod engine;
mod hub;
mod options;
mod report;

use anyhow::bail;
use options::{Options, USAGE};
use report::Report;

/// As in the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let bench = args.next().unwrap_or_default();
    match bench.as_str() {
        "engine" => {
            let options = Options::read(args)?;
            // A task beside those of the engine: on this thread, each submission and each end would be a switch.
            tokio::spawn(async move { engine::run(&options, &mut Report::new("engine")).await }).await?
        }
        "hub" => hub::run(&Options::read(args)?, &mut Report::new("hub")).await,
        "" => bail!("which figures? {USAGE}"),
        other => bail!("there is no bench `{other}`: engine and hub are two"),
    }
}
