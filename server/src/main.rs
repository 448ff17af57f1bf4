//! The binary `signalbox`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
