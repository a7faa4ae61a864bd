//! `savehub generate completions`: what lets a shell complete commands, options and their values.

use crate::cli::args::{Cli, CompletedShell, CompletionsArgs};
use crate::exit::Exit;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write;

/// Runs the command.
pub(in crate::cli) fn run(args: &CompletionsArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let shell = match args.shell {
        CompletedShell::Bash => Shell::Bash,
        CompletedShell::Zsh => Shell::Zsh,
        CompletedShell::Fish => Shell::Fish,
    };
    // In one piece: the generator ends the program when a pipe is closed on it.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "savehub", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Done)
}
