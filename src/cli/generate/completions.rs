//! `savehub generate completions`: what lets a shell complete commands, options and their values.

use crate::cli::args::{Cli, CompletedShell, CompletionsArgs};
use crate::exit::Exit;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write;

/// Where clap_complete's script for bash learns which word stands before the one that is completed.
const WORD_BEFORE: &str = "    prev=\"$3\"\n";

/// Bash takes `--mock=no` for three words, so the word before the value is `=`.
const VALUE_BEHIND_EQUALS: &str = r#"    if [[ "${COMP_WORDS[COMP_CWORD]}" == "=" ]]; then
        prev="${COMP_WORDS[COMP_CWORD-1]}"
        cur=""
    elif [[ "${prev}" == "=" && "${COMP_CWORD}" -ge 2 ]]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
"#;

/// clap_complete's script for fish leaves out the values of arguments; this is the only one that has any.
const SHELLS_FOR_FISH: &str = "complete -c savehub -n \"__fish_savehub_using_subcommand generate; and \
                               __fish_seen_subcommand_from completions\" -f -a \"bash zsh fish\"\n";

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
    let script = String::from_utf8_lossy(&script);
    let script = script.replacen(WORD_BEFORE, &format!("{WORD_BEFORE}{VALUE_BEHIND_EQUALS}"), 1);
    let script = if shell == Shell::Fish { script + SHELLS_FOR_FISH } else { script };
    out.write_all(script.as_bytes())?;
    Ok(Exit::Done)
}
