//! Calendars.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// `savehub calendar`.
#[derive(Debug, Clone, Subcommand)]
pub enum CalendarCommand {
    /// Look at a calendar: which meetings ring, which do not and why; changes nothing
    Check(CalendarCheckArgs),
    /// Find the calendars of a CalDAV server, and what to write into the config; changes nothing
    Find(CalendarFindArgs),
}

/// `savehub calendar check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub calendar check ~/work.ics
  savehub calendar check work --until 14d
  savehub calendar check
  savehub calendar check 1 --person ana --json
  savehub calendar check - <invitation.ics

Needs no config for what is not in it. Exits with 1 when a calendar cannot be read.")]
pub struct CalendarCheckArgs {
    /// Name or number of a calendar of the config, a file, an https address, or - for standard input; without it, all
    /// calendars of the config
    pub source: Option<String>,
    /// Whose calendars, zone and settings; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// How far ahead to look, up to 366d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = humantime::parse_duration)]
    pub until: Duration,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}

/// `savehub calendar find`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub calendar find cloud.example.com --user ana
  savehub calendar find ana@example.com --password-file ~/.config/savehub/caldav.password
  savehub calendar find https://caldav.icloud.com/ --user ana@icloud.com --password-env ICLOUD

Without --password-file and --password-env the password is asked for, or read as a line of standard input. Needs no \
config. Exits with 1 when no calendar is found.")]
pub struct CalendarFindArgs {
    /// A server, an https address of it, or a mail address
    pub server: String,
    /// Who logs in; not needed when a mail address is given
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", conflicts_with = "password_env")]
    pub password_file: Option<PathBuf>,
    /// Environment variable with the password
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
}

/// `savehub import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub import invitation.ics
  savehub import ~/conference.ics --person ana --until 30d
  savehub import - <invitation.ics

The file adds, moves and cancels meetings; meetings that it does not name stay. A file that cannot be read as a whole \
changes nothing.")]
pub struct ImportArgs {
    /// The file, or - for standard input
    pub file: String,
    /// Whose meetings; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// How far ahead to take meetings, up to 366d
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = humantime::parse_duration)]
    pub until: Duration,
}
