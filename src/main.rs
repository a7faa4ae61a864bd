//! Parse, run, exit code. Nothing else.

use clap::Parser as _;
use savehub::cli::{self, Savehub};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(&cli::args::Cli::parse(), &Savehub)
}
