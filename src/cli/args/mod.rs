//! What can be typed: clap types and nothing else. This file knows nothing of savehub.

mod calendars;
mod calls;
mod files;
mod meetings;
mod operate;
mod report;
mod setup;
#[cfg(test)]
mod tests;
mod upkeep;

pub use calendars::*;
pub use calls::*;
pub use files::*;
pub use meetings::*;
pub use operate::*;
pub use report::*;
pub use setup::*;
pub use upkeep::*;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Phones a person who is about to miss a meeting
///
/// A scheduler runs `savehub tick` every 30 seconds. Each run reads the database, does what is due, writes down what
/// came of it and exits.
#[derive(Parser)]
#[command(name = "savehub", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Examples:
  savehub meeting add \"Board sync\" --at \"tomorrow 9:00\"
  savehub checkin
  savehub status
  savehub tick

Exit codes: 0 done; 1 something due could not be done; 2 usage or config; 3 store; 4 status --max-age exceeded")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a scheduler types. Setting up the parser of all commands would cost a tick more than reading its config.
#[derive(Parser)]
struct Ticking {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: TickAlone,
}

#[derive(Subcommand)]
enum TickAlone {
    Tick(TickArgs),
}

impl Cli {
    /// What was typed. Mistakes, and what asks for help, end the process with a text, as [`Parser::parse`] does.
    pub fn typed() -> Self {
        Self::tick_alone(std::env::args_os()).unwrap_or_else(Self::parse)
    }

    /// A tick, when it is certainly one; everything else is for the whole parser.
    fn tick_alone(typed: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let Ticking { global, command: TickAlone::Tick(args) } = Ticking::try_parse_from(typed).ok()?;
        Some(Self { global, command: Command::Tick(args) })
    }
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 100)]
pub struct Global {
    /// Read this config file instead of the one in the usual places
    #[arg(long, global = true, env = "SAVEHUB_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say only warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Do what is due now; the scheduler runs this every 30 seconds
    Tick(TickArgs),
    /// Say that you are in the meeting, or that you will miss it
    Checkin(CheckinArgs),
    /// Take back the last check-in, resolve, cancel or move
    Undo(UndoArgs),
    /// End an incident: nothing rings for it any more
    Resolve(ResolveArgs),
    /// Place one call outside the ladder, through the same code
    CallTest(CallTestArgs),
    /// Show what comes next, what is open, what rang, and how old the last tick is
    Status(StatusArgs),
    /// Let nothing ring for a while: for everybody or for one person
    Pause(PauseArgs),
    /// End a pause
    Resume(ResumeArgs),
    /// Report on a period: calls, answers, failures, delays, costs
    Report(ReportArgs),
    /// Look for everything that could keep a phone from ringing, and say what to do about it
    Doctor(DoctorArgs),
    /// Tell the story of a meeting: why it rang, or why it did not
    Explain(ExplainArgs),
    /// Show what would ring, when and for whom, and what each guard would say
    Plan(PlanArgs),
    /// Add, list, cancel and move meetings by hand
    #[command(subcommand)]
    Meeting(MeetingCommand),
    /// Show what savehub sees in a calendar, what it leaves out and why
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Import the meetings of an iCalendar file, once
    Import(ImportArgs),
    /// Play a whole escalation with a mock phone and a turned clock; needs no config
    #[command(after_help = "Examples:
  savehub demo
  savehub demo -v

With -v it also shows the log of the engine.")]
    Demo,
    /// Back up, check, prune and move the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Set savehub up: ask for what it needs, write a config, make the database
    Init(InitArgs),
    /// Check the config, or show every setting in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write files that belong to the package
    #[command(subcommand)]
    Generate(GenerateCommand),
}
