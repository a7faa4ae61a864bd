//! Parse, run, exit code. Nothing else.

use clap::Parser as _;
use savehub::cli::{self, args::Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(&Cli::parse())
}
