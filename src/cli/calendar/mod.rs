//! `savehub calendar check`: what savehub sees in a calendar, what it leaves out and why. Changes nothing, and needs
//! neither a config nor a database.
//!
//! `source` finds and reads the calendar, `report` shows what is in it.

mod report;
pub(super) mod source;

pub(super) use report::{FIELDS, notice_line, skip_words, title};

use super::args::{CalendarCheckArgs, CalendarCommand};
use super::open;
use super::print::{self, Screen};
use crate::calendar::{Limits, Look, Policy, View, look};
use crate::config::{Config, Person};
use crate::exit::{Exit, Unreadable, UsageError};
use crate::model::Timestamp;
use crate::zone::Zone;
use report::Checked;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// The longest stretch of time that is looked at.
const FARTHEST: Duration = Duration::from_secs(366 * 86_400);

/// Runs the command.
pub(super) fn run(
    command: &CalendarCommand,
    file: Option<&Path>,
    screen: Screen,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let config = open::config_or_standard(file)?;
    match command {
        CalendarCommand::Check(args) => check(args, &config, screen, now, out),
    }
}

fn check(
    args: &CalendarCheckArgs,
    config: &Config,
    screen: Screen,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let until = horizon(now, args.until)?;
    let chosen = source::choose(&args.source, args.person.as_deref(), config)?;
    let copy = chosen.read(config)?;
    let whose = Whose::of(chosen.person);
    let look = look(&copy.bytes, &whose.view(now, until)).map_err(|why| chosen.unreadable(&why.to_string()))?;
    chosen.must_be_whole(&look)?;
    let checked = Checked { name: &chosen.name, whose: &whose, look, changed_at: copy.changed_at, now };
    if args.json {
        print::json(out, &checked.json())?;
    } else {
        out.write_all(checked.text(screen).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// The end of the stretch of time that is looked at.
pub(super) fn horizon(now: Timestamp, length: Duration) -> Result<Timestamp, UsageError> {
    if length.is_zero() || length > FARTHEST {
        return Err(UsageError("--until: savehub looks ahead for some time up to 366d, such as 7d".into()));
    }
    Ok(now.plus(length))
}

/// Whose calendar it is: decides the zone, and which meetings ring. Nobody's, where the config has no people.
pub(super) struct Whose {
    /// Id of the person.
    pub(super) person: Option<String>,
    /// Their zone, or the system's.
    pub(super) zone: Zone,
    policy: Policy,
}

impl Whose {
    pub(super) fn of(person: Option<&Person>) -> Self {
        Self {
            person: person.map(|person| person.id.clone()),
            zone: person.map_or_else(Zone::system, |person| person.zone.clone()),
            policy: person.map_or_else(Policy::default, |person| person.policy.clone()),
        }
    }

    /// A look at a calendar of theirs.
    pub(super) fn view(&self, from: Timestamp, until: Timestamp) -> View<'_> {
        let usual = Limits::default();
        // As dense as for the day a tick looks at.
        let days = usize::try_from(until.since(from) / 86_400_000).unwrap_or(usize::MAX);
        let (per_series, meetings) =
            (usual.per_series.max(days.saturating_mul(24)), days.saturating_mul(usual.meetings));
        let limits = Limits { per_series, meetings: usual.meetings.max(meetings), ..usual };
        View { from, until, zone: &self.zone, policy: &self.policy, limits }
    }
}

impl source::Chosen<'_> {
    /// It is there, and cannot be used.
    pub(super) fn unreadable(&self, why: &str) -> Unreadable {
        Unreadable(format!("the calendar {} cannot be read: {why}", self.name))
    }

    /// What is missing at the end may be what matters.
    pub(super) fn must_be_whole(&self, look: &Look) -> Result<(), Unreadable> {
        if look.whole { Ok(()) } else { Err(self.unreadable("it breaks off before its END:VCALENDAR")) }
    }
}
