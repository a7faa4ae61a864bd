//! What operators ask: how it is going.

use clap::Args;
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

/// `savehub doctor`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub doctor
  savehub doctor --offline
  savehub doctor --json

Nothing rings, nothing is sent, and nothing is made or changed: the provider is only asked, mail servers are greeted, and \
to webhooks a connection is made and closed. Exits with 1 when there is a problem; warnings do not count.")]
pub struct DoctorArgs {
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
    /// Leave out everything that needs the network
    #[arg(long)]
    pub offline: bool,
}
