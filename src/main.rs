//! Parse, run, exit code. Nothing else.

use savehub::cli::{self, args::Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(&Cli::typed())
}
