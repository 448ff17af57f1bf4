//! One file per command.

mod bench;
mod build;
mod check;
mod dist;
mod help;
mod run;
mod test;

pub use check::portable;

use crate::{Failure, args::Command};

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Build { release } => build::build(release),
        Command::Run { release, serve } => run::run(release, serve),
        Command::Test(args) => test::test(args),
        Command::Bench { release_args } => bench::bench(release_args),
        Command::Dist => dist::dist(),
        Command::Check => check::check(),
        Command::Help => {
            help::help();
            Ok(())
        }
    }
}
