//! Load generators and figures: `cargo xtask bench engine [--quick]`.
//!
//! One JSON object per line on stdout, what is going on to stderr. Cases run interleaved, in rounds; a figure is
//! the median of its rounds, since disks and neighbours change within minutes.
//!
//! Absences: nothing here is part of the product; no figure is kept, compared or judged.

mod conditions;
mod engine;
mod report;

use anyhow::bail;
use report::Report;

/// As in the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What to run, how long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Seconds per case instead of tens of seconds.
    pub(crate) quick: bool,
    /// Only cases of these names; empty: all.
    pub(crate) cases: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let bench = args.next().unwrap_or_default();
    let mut options = Options::default();
    for arg in args {
        match arg.as_str() {
            "--quick" => options.quick = true,
            case if !case.starts_with('-') => options.cases.push(case.to_owned()),
            other => bail!("there is no option `{other}`: cargo xtask bench engine [--quick] [CASE]…"),
        }
    }
    match bench.as_str() {
        "engine" => engine::run(&options, &mut Report::new("engine")).await,
        "" => bail!("which figures? cargo xtask bench engine [--quick] [CASE]…"),
        other => bail!("there is no bench `{other}`: engine is one"),
    }
}
