//! The scheduler's command, and what people do about calls.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `savehub tick`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub tick
  savehub tick --dry-run
  savehub tick --now \"tomorrow 8:57\" --dry-run

Prints nothing when nothing happened. --dry-run reads calendars as savehub plan does.")]
pub struct TickArgs {
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Use this as the current time; refused with a real provider
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Rehearse with --now on this file, such as a copy of the database
    #[arg(long, value_name = "FILE", requires = "now")]
    pub database: Option<PathBuf>,
    /// Refuse a config with a mistake at once, instead of going on with its last good copy
    #[arg(long)]
    pub strict: bool,
    /// Print the results as JSON
    #[arg(long)]
    pub json: bool,
}

/// `savehub checkin`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub checkin
  savehub checkin board
  savehub checkin m3 --missed
  savehub checkin --all
  savehub checkin --person ana

Without a meeting it means one that starts within 30 minutes, or has begun and still runs, is still watched, or ended less \
than 30 minutes ago. If there are several, it means those that the last call of the past 5 minutes named; otherwise it lists \
them and changes nothing. Pending steps are cancelled and a ringing call is hung up. `savehub undo` takes it back.")]
pub struct CheckinArgs {
    /// Id of the meeting (m3) or incident (i7), or part of the title; without it, the meeting that is near
    pub meeting: Option<String>,
    /// Whose meeting; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Say that you will not be there
    #[arg(long)]
    pub missed: bool,
    /// Mean all meetings that are near
    #[arg(long, conflicts_with = "meeting")]
    pub all: bool,
}

/// `savehub undo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub undo
  savehub undo --person ana

It takes back what was done last for this person: a check-in, a call back, a resolve, a cancelled or a moved meeting, by \
whatever way it came, once and at most 12 hours later. What is still to come is planned again, and the answer says what. A \
call that was hung up and a step that has ended do not come back, and nothing rings for a meeting that has begun. What a \
calendar called off stays called off.")]
pub struct UndoArgs {
    /// Whose act; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}

/// `savehub resolve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub resolve i7
  savehub resolve i7 --note \"joined from another room\"

`savehub status` lists the incidents. `savehub undo` takes it back.")]
pub struct ResolveArgs {
    /// Id of the incident (i7)
    pub incident: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `savehub call-test`. Not `Debug`: `to` is a whole phone number.
#[derive(Clone, Args)]
#[command(after_help = "Examples:
  savehub call-test --mock
  savehub call-test --mock=busy
  savehub call-test --person ana --test-mode
  savehub call-test --person ana --yes
  savehub call-test --person ana --keypress

A real call asks first on a terminal, and needs --yes elsewhere.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct CallTestArgs {
    /// Call this person of the config
    #[arg(long, value_name = "PERSON", conflicts_with = "to")]
    pub person: Option<String>,
    /// Call this number, such as +12025550123
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<String>,
    /// Use the mock phone, which never touches the network
    #[arg(
        long,
        value_name = "OUTCOME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "answered",
        conflicts_with = "test_mode"
    )]
    pub mock: Option<MockEnd>,
    /// Record the call instead of placing it
    #[arg(long)]
    pub test_mode: bool,
    /// Ask for a key in a real call, and wait for it up to a minute after the answer
    #[arg(long, conflicts_with_all = ["mock", "test_mode"])]
    pub keypress: bool,
    /// Do not ask before a real call
    #[arg(long)]
    pub yes: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// What becomes of a mock call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MockEnd {
    /// A human answers
    Answered,
    /// The line is busy
    Busy,
    /// It rings and nobody answers
    NoAnswer,
    /// A voicemail box answers
    Voicemail,
    /// The provider cannot be reached
    Refused,
    /// The provider stays silent
    Timeout,
    /// The call is placed, the reply is lost
    LostReply,
}
