//! Setting up: the config, and the first run.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `savehub config`.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Check a config, and say everything that is wrong with it
    Check(ConfigCheckArgs),
    /// Show every setting that is in force, and where it comes from
    Show(ConfigShowArgs),
}

/// `savehub config check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub config check
  savehub config check /etc/xdg/savehub/config.toml
  savehub config check new.toml --json

Exits with 2 when something is wrong. Needs no database, and calls nobody.")]
pub struct ConfigCheckArgs {
    /// The file; without it, the config of the other commands
    pub file: Option<PathBuf>,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}

/// `savehub config show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub config show
  savehub config show --json

Secrets are not shown, only whether they are set and where; of phone numbers, the last four digits.")]
pub struct ConfigShowArgs {
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}

/// `savehub init`. Not `Debug`: it holds a whole phone number and perhaps the address of a calendar.
#[derive(Clone, Args)]
#[command(after_help = "Examples:
  savehub init
  savehub init --yes --name Ana --phone +12025550101
  savehub init --yes --name Ana --phone +12025550101 --zone Europe/Berlin --calendar - <address.txt
  savehub init --provider twilio --account-sid AC00000000000000000000000000000000 --from +12025550100
  sudo -u savehub savehub init --system

Asks for what is missing on a terminal; elsewhere it needs --yes, --name and --phone. The Twilio token is never an \
argument: it is asked for, or taken from TWILIO_AUTH_TOKEN, and goes into a file of its own beside the config.")]
pub struct InitArgs {
    /// Who is called, as it is spoken
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The number to call, such as +12025550101
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// Their time zone, such as Europe/Berlin; the system's without it
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Their calendar: a file, or its secret address; - reads the address from standard input
    #[arg(long, value_name = "CALENDAR")]
    pub calendar: Option<String>,
    /// Who places calls; mock without it
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<InitProvider>,
    /// The Twilio account (AC…)
    #[arg(long, value_name = "SID")]
    pub account_sid: Option<String>,
    /// The number that calls come from
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<String>,
    /// Take this file with the Twilio token, instead of making one
    #[arg(long, value_name = "FILE")]
    pub auth_token_file: Option<PathBuf>,
    /// Set up the service of the package: /etc/xdg/savehub/config.toml and /var/lib/savehub
    #[arg(long)]
    pub system: bool,
    /// Ask nothing: what is not said has its default
    #[arg(long)]
    pub yes: bool,
    /// Replace a config that is there; the old one is kept as config.toml.old
    #[arg(long)]
    pub force: bool,
}

/// Who places calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InitProvider {
    /// A rehearsal: no phone rings
    Mock,
    /// Real calls
    Twilio,
}
