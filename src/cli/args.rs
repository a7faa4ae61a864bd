//! What can be typed: clap types and nothing else. This file knows nothing of savehub.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

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
    /// End an incident: nothing rings for it any more
    Resolve(ResolveArgs),
    /// Place one call outside the ladder, through the same code
    CallTest(CallTestArgs),
    /// Show what comes next, what is open, what rang, and how old the last tick is
    Status(StatusArgs),
    /// Add, list, cancel and move meetings by hand
    #[command(subcommand)]
    Meeting(MeetingCommand),
    /// Show what savehub sees in a calendar, what it leaves out and why
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Take the meetings of an iCalendar file into the database, once
    Import(ImportArgs),
    /// Show a whole escalation with a mock phone and a turned clock; needs no config
    Demo,
    /// Write files that belong to the package
    #[command(subcommand)]
    Generate(GenerateCommand),
}

/// `savehub tick`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub tick
  savehub tick --dry-run
  savehub tick --now \"tomorrow 8:57\" --dry-run

Prints nothing when nothing happened.")]
pub struct TickArgs {
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take this for the time of day; refused with a real provider
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
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
  savehub checkin --person ana

Pending steps are cancelled and a ringing call is hung up.")]
pub struct CheckinArgs {
    /// Id (m3) or part of the title; without it, the running or next meeting
    pub meeting: Option<String>,
    /// Whose meeting; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Say that you will not be there
    #[arg(long)]
    pub missed: bool,
}

/// `savehub resolve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub resolve i7
  savehub resolve i7 --note \"joined from another room\"

`savehub status` lists the incidents.")]
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
    /// Ask for a key in a real call, and wait until it is seen: up to a minute after the answer
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

/// `savehub meeting`.
#[derive(Debug, Clone, Subcommand)]
pub enum MeetingCommand {
    /// Add a meeting
    Add(MeetingAddArgs),
    /// List the meetings to come
    List(MeetingListArgs),
    /// Call a meeting off: nothing rings for it any more
    Cancel(MeetingCancelArgs),
    /// Give a meeting another time
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
    /// Past and cancelled meetings too
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
    /// Id (m3) or part of the title
    pub meeting: String,
    /// Whose meeting
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}

/// `savehub meeting move`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub meeting move m3 --at 15:00
  savehub meeting move board --at \"2026-11-23 14:30\" --end 15:30

Without --end it keeps its length.")]
pub struct MeetingMoveArgs {
    /// Id (m3) or part of the title
    pub meeting: String,
    /// When it starts now
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// When it ends now
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Whose meeting
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
}

/// `savehub calendar`.
#[derive(Debug, Clone, Subcommand)]
pub enum CalendarCommand {
    /// Look at a calendar: which meetings ring, which do not and why; changes nothing
    Check(CalendarCheckArgs),
}

/// `savehub calendar check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub calendar check ~/work.ics
  savehub calendar check work --until 14d
  savehub calendar check 1 --person ana --json
  savehub calendar check - <invitation.ics

Needs no config. Exits with 1 when the calendar cannot be read.")]
pub struct CalendarCheckArgs {
    /// Name or number of a calendar of the config, a file, an https address, or - for standard input
    pub source: String,
    /// Whose zone and settings; not needed when the config has one person
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// How far ahead to look, up to 366d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = humantime::parse_duration)]
    pub until: Duration,
    /// Print JSON (its fields are in the manual page)
    #[arg(long)]
    pub json: bool,
}

/// `savehub import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub import invitation.ics
  savehub import ~/conference.ics --person ana --until 30d
  savehub import - <invitation.ics

Meetings that are there are moved or called off as the file says; what is not in the file stays. A file that cannot be \
read as a whole changes nothing.")]
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

/// `savehub generate`.
#[derive(Debug, Clone, Subcommand)]
pub enum GenerateCommand {
    /// Write the manual page savehub.1
    Man(ManArgs),
    /// Print a contact with the number that calls come from, for phones that are to let it through
    Vcard(VcardArgs),
}

/// `savehub generate man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate man man
  savehub generate man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The directory to write to; it must exist
    pub dir: PathBuf,
}

/// `savehub generate vcard`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate vcard >savehub.vcf
  savehub generate vcard --name \"Meeting alarm\" >alarm.vcf

Send the file to the phone, add the contact, and let it through Do Not Disturb there.")]
pub struct VcardArgs {
    /// What the contact is called
    #[arg(long, value_name = "NAME", default_value = "savehub")]
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn exit(line: &str) -> Option<i32> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Cli::try_parse_from(words).err().map(|e| e.exit_code())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_and_version_exit_0_and_mistakes_exit_2() {
        for line in ["savehub --help", "savehub --version", "savehub tick --help", "savehub meeting add --help"] {
            assert_eq!(exit(line), Some(0), "{line}");
        }
        for line in [
            "savehub",
            "savehub tok",
            "savehub -v -q tick",
            "savehub resolve",
            "savehub meeting add x",
            "savehub status --max-age soon",
            "savehub call-test --mock=maybe",
            "savehub call-test --keypress --mock",
            "savehub call-test --keypress --test-mode",
            "savehub call-test --person ana --to +12025550101",
            "savehub --color sometimes tick",
        ] {
            assert_eq!(exit(line), Some(2), "{line}");
        }
    }

    #[test]
    fn global_options_stand_before_or_behind_the_command() {
        for line in ["savehub --config a.toml -vv tick", "savehub tick --config a.toml -v -v"] {
            let cli = Cli::try_parse_from(line.split_whitespace()).ok().unwrap();
            assert_eq!((cli.global.config, cli.global.verbose), (Some("a.toml".into()), 2), "{line}");
        }
    }

    #[test]
    fn mock_takes_its_outcome_behind_an_equals_sign_only() {
        for (line, want) in [
            ("savehub call-test", None),
            ("savehub call-test --mock", Some(MockEnd::Answered)),
            ("savehub call-test --mock=lost-reply", Some(MockEnd::LostReply)),
        ] {
            let Ok(Cli { command: Command::CallTest(args), .. }) = Cli::try_parse_from(line.split_whitespace()) else {
                panic!("{line}")
            };
            assert_eq!(args.mock, want, "{line}");
        }
        assert_eq!(exit("savehub call-test --mock busy"), Some(2));
    }

    #[test]
    fn every_leaf_command_shows_examples() {
        fn look(command: &clap::Command) {
            for sub in command.get_subcommands() {
                let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
                let exempt = sub.has_subcommands() || sub.get_name() == "demo";
                assert!(exempt || help.starts_with("Examples:\n"), "{}", sub.get_name());
                look(sub);
            }
        }
        look(&Cli::command());
    }
}
