//! Setting up: the config, and the first run.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `savehub config`.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Check a config, and say everything that is wrong with it
    Check(ConfigCheckArgs),
    /// Show every setting in force, and where it comes from
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
    /// The file (default: the config of the other commands)
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

It shows no secrets, only whether they are set and where. Of phone numbers it shows the last four digits.")]
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

On a terminal it asks for what is missing; elsewhere it needs --yes, --name and --phone. The Twilio token is never an \
argument: init asks for it, or takes it from TWILIO_AUTH_TOKEN, and writes it into a file of its own beside the config. \
At the end it shows what `savehub doctor` finds wrong; nothing rings. For the service of the package: \
`sudo -u savehub savehub init --system`.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct InitArgs {
    /// The person to call, as the name is spoken
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The number to call, such as +12025550101
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// Their time zone, such as Europe/Berlin (default: the system's)
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Their calendar: a file, or its secret address; - reads the address from standard input
    #[arg(long, value_name = "CALENDAR")]
    pub calendar: Option<String>,
    /// Who places calls (default: mock)
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<InitProvider>,
    /// The Twilio account (AC…)
    #[arg(long, value_name = "SID")]
    pub account_sid: Option<String>,
    /// The number that calls come from
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<String>,
    /// Use this file with the Twilio token, instead of making one
    #[arg(long, value_name = "FILE")]
    pub auth_token_file: Option<PathBuf>,
    /// Set up the service of the package: /etc/xdg/savehub/config.toml and /var/lib/savehub
    #[arg(long)]
    pub system: bool,
    /// Do not ask Twilio and calendars whether they can be used
    #[arg(long)]
    pub offline: bool,
    /// Ask nothing: use defaults for what is not given
    #[arg(long)]
    pub yes: bool,
    /// Replace an existing config; keep the old one as config.toml.old
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
