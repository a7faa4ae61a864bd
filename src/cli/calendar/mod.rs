//! `savehub calendar`: what savehub sees in a calendar, what it leaves out and why, and which calendars a server has.
//! Changes nothing, and needs neither a config nor a database.
//!
//! `source` finds and reads the calendar, `report` shows what is in it; `find` looks for calendars on a server, and asks
//! the domain where that is by `srv`.

mod find;
mod owner;
mod report;
pub(super) mod source;
mod srv;

pub(super) use owner::{CalendarOwner, horizon, how};
pub(super) use report::{FIELDS, notice_line, title_or_none};

use super::args::{CalendarCheckArgs, CalendarCommand};
use super::ctx::Invocation;
use super::{local_time, open, print};
use crate::calendar::{Notice, look};
use crate::clock::{Clock as _, SystemClock};
use crate::exit::Exit;
use crate::feed;
use crate::zone;
use report::Checked;

/// Runs the command.
pub(super) fn run(command: &CalendarCommand, io: Invocation<'_>) -> anyhow::Result<Exit> {
    match command {
        CalendarCommand::Check(args) => check(args, io),
        CalendarCommand::Find(args) => find::run(args, io),
    }
}

fn check(args: &CalendarCheckArgs, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    let (config, now) = (open::config_or_standard(file)?, SystemClock.now());
    local_time::must_be_known(&config)?;
    let until = horizon(now, args.until)?;
    let chosen = source::choose(&args.source, args.person.as_deref(), &config)?;
    let copy = chosen.read(&config, &(now..until))?;
    let owner = CalendarOwner::of(chosen.person, chosen.own).knowing(&copy.addresses);
    let mut look = look(&copy.bytes, &owner.view(now, until)).map_err(|why| chosen.unreadable(&why.to_string()))?;
    chosen.must_be_whole(&look)?;
    if let Some(text) = feed::lacking(copy.missing) {
        look.notices.insert(0, Notice { uid: None, line: None, text });
    }
    let (ladder, changed_at, how) = (&config.ladder, copy.changed_at, chosen.how());
    let checked = Checked { name: &chosen.name, owner: &owner, ladder, look, changed_at, how, now };
    if args.json {
        print::json(out, &checked.json(zone::data_version()))?;
    } else {
        out.write_all(checked.text(screen).as_bytes())?;
    }
    Ok(Exit::Done)
}
