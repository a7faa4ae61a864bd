//! Meetings by hand.

use clap::{Args, Subcommand};

/// `savehub meeting`.
#[derive(Debug, Clone, Subcommand)]
pub enum MeetingCommand {
    /// Add a meeting
    Add(MeetingAddArgs),
    /// List upcoming meetings
    List(MeetingListArgs),
    /// Cancel a meeting: nothing rings for it any more
    Cancel(MeetingCancelArgs),
    /// Move a meeting to another time
    Move(MeetingMoveArgs),
}

/// `savehub meeting add`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub meeting add \"Board sync\" --at 14:30
  savehub meeting add \"Board sync\" --at \"tomorrow 9:00\" --end 10:00 --person ana
  savehub meeting add Dentist --at \"in 2h\" --link https://example.org/room/7

Times: 14:30, tomorrow 9:00, 2026-11-23 14:30, in 10m, or RFC 3339; in the person's zone.")]
pub struct MeetingAddArgs {
    /// Title, as it will be spoken
    pub title: String,
    /// When it starts
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// When it ends; 10:00 is on the day of the start, `in 45m` counts from the start
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Whose meeting; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Where to join
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
}

/// `savehub meeting list`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub meeting list
  savehub meeting list --all --json")]
pub struct MeetingListArgs {
    /// Also list past and cancelled meetings
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `savehub meeting cancel`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub meeting cancel m3
  savehub meeting cancel board --person ana")]
pub struct MeetingCancelArgs {
    /// Id of the meeting (m3) or incident (i7), or part of the title
    pub meeting: String,
    /// Whose meeting
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}

/// `savehub meeting move`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub meeting move m3 --at 15:00
  savehub meeting move board --at \"tomorrow 14:30\" --end 15:30

Without --end it keeps its length.")]
pub struct MeetingMoveArgs {
    /// Id of the meeting (m3) or incident (i7), or part of the title
    pub meeting: String,
    /// The new start
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// The new end
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Whose meeting
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}
