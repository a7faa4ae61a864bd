//! What operators ask: how it is going.

use clap::Args;
use std::time::Duration;

/// `savehub status`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub status
  savehub status --json
  savehub status --watch
  savehub status --max-age 90s >/dev/null || echo \"savehub does not run\"")]
pub struct StatusArgs {
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
    /// Exit with 4 when the last tick is older than this, such as 90s
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub max_age: Option<Duration>,
    /// Refresh the screen every SECONDS seconds (default: 2) until q or Ctrl-C; needs a terminal
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u16).range(1..=3600),
        conflicts_with = "json"
    )]
    pub watch: Option<u16>,
}

/// `savehub pause`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub pause --for 2h
  savehub pause --person ana --reason \"on a plane\"
  savehub pause --for 45m --reason \"the provider has an outage\"

From now on nothing is sent to the people and their contacts; a call that already rings goes on. Steps that fall due \
during the pause are skipped and do not come back; later steps run once the pause is over. The pause of everybody and \
the pause of a person are separate: each holds by itself, and a new pause replaces the earlier one of the same people. \
Leave the scheduler running: ticks still follow calls and read calendars, and say once an hour that there is a pause. \
When the database does not work, make a file named STOP beside the config instead.")]
pub struct PauseArgs {
    /// End the pause after this time, such as 2h; without it, `savehub resume` ends it
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time: Option<Duration>,
    /// Pause only the meetings of this person; without it, everybody's
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Why, for those who look at the status
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `savehub resume`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub resume
  savehub resume --person ana

Without --person it ends only the pause of everybody: people who are paused by name stay paused, and it names them. \
Steps that were skipped during the pause do not come back.")]
pub struct ResumeArgs {
    /// End the pause of this person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}

/// `savehub doctor`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub doctor
  savehub doctor --offline
  savehub doctor --json

Nothing rings, nothing is sent, and nothing is made or changed: it only asks the provider, greets mail servers, and opens \
and closes a connection to webhooks. Exits with 1 when there is a problem; warnings do not count.")]
pub struct DoctorArgs {
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
    /// Skip every check that needs the network
    #[arg(long)]
    pub offline: bool,
}

/// `savehub explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub explain i7
  savehub explain m3
  savehub explain standup --person ana
  savehub explain i7 --json

The first line says why it rang, or why it did not. Then it lists what happened, in order.")]
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

It rehearses the real ticks on a copy of the database: nobody checks in, nobody answers, nobody is called and nothing is \
changed. It assumes a tick at each full and half minute; calls keep the provider's pace. Calendars in \
files are read. An address is asked only if there is no copy of its calendar yet, for some seconds; of all others the last \
good copies are used. The first line names the calendars whose meetings are not known.")]
pub struct PlanArgs {
    /// How far ahead, up to 31d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    pub until: Duration,
    /// Show only the steps of this person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}
