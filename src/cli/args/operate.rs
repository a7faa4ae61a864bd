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

/// `savehub explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub explain i7
  savehub explain m3
  savehub explain standup --person ana
  savehub explain i7 --json

The first line says why it rang, or why it did not; then comes what happened, in order.")]
pub struct ExplainArgs {
    /// Id of the incident (i7) or meeting (m3), or part of the title
    #[arg(value_name = "INCIDENT|MEETING")]
    pub what: String,
    /// Whose meeting, when the title alone does not say it
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}

/// `savehub plan`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub plan
  savehub plan --until 3d --person ana
  savehub plan --json

The real ticks are rehearsed on a copy of the database: nobody checks in, nobody answers, nothing leaves this machine and \
nothing is changed. Ticks are taken to come at the full and the half minute. Calendars are not asked; their last good \
copies count.")]
pub struct PlanArgs {
    /// How far ahead, up to 31d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    pub until: Duration,
    /// Show the steps of this person alone
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}
