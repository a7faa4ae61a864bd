//! What operators ask: how it is going.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// `savehub status`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub status
  savehub status --json
  savehub status --max-age 90s >/dev/null || echo \"savehub does not run\"")]
pub struct StatusArgs {
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
    /// Exit with 4 when the last tick is older than this, such as 90s
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub max_age: Option<Duration>,
}

/// `savehub db`.
#[derive(Debug, Clone, Subcommand)]
pub enum DbCommand {
    /// Move a running installation from its file to the PostgreSQL database of the config
    ///
    /// Everything goes over as it is: meetings, open incidents, calls under way, history. The database must be empty. Stop
    /// the scheduler first, and start it again with a config that names the new store.
    Copy(DbCopyArgs),
}

/// `savehub db copy`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db copy --from sqlite:/var/lib/savehub/savehub.db
  savehub --config new.toml db copy --from ~/.local/state/savehub/savehub.db")]
pub struct DbCopyArgs {
    /// The database file, with or without sqlite: before it
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
}
