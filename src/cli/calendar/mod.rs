//! `savehub calendar`: what savehub sees in a calendar, what it leaves out and why, and which calendars a server has.
//! Changes nothing, and needs neither a config nor a database.
//!
//! `source` finds and reads the calendar, `report` shows what is in it, and `zones` by what its time zones were found;
//! `find` looks for calendars on a server, and asks the domain where that is by `srv`.

mod find;
mod owner;
mod report;
pub(super) mod source;
mod srv;
mod zones;

pub(super) use owner::{CalendarOwner, horizon, how};
pub(super) use report::{FIELDS, notice_line, title_or_none};
pub(super) use zones::zones_words;

use super::args::{CalendarCheckArgs, CalendarCommand};
use super::ctx::Invocation;
use super::json::object;
use super::print::{self, Screen};
use super::{local_time, open};
use crate::calendar::{Notice, look};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::exit::{Exit, Unreadable};
use crate::feed::{self, Wanted};
use crate::model::printable;
use crate::zone;
use report::Checked;
use source::Chosen;
use std::io::Write;

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
    let during = now..horizon(now, args.until)?;
    let person = args.person.as_deref();
    let Some(typed) = &args.source else {
        let all = source::all(person, &config)?;
        return if args.json {
            all_json(&all, &config, &during, out)
        } else {
            all_text(&all, &config, &during, screen, out)
        };
    };
    let chosen = source::choose(typed, person, &config)?;
    let checked = look_at(&chosen, &config, &during)?;
    if args.json {
        print::json(out, &checked.json())?;
    } else {
        out.write_all(checked.text(screen).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Reads one, and looks at the meetings of this time.
fn look_at<'a>(chosen: &'a Chosen<'_>, config: &'a Config, during: &Wanted) -> Result<Checked<'a>, Unreadable> {
    let copy = chosen.read(config, during)?;
    let owner = CalendarOwner::of(chosen.person, chosen.is_own()).knowing(&copy.addresses);
    let view = owner.view(during.start, during.end);
    let mut look = look(&copy.bytes, &view).map_err(|why| chosen.unreadable(&why.to_string()))?;
    chosen.must_be_whole(&look)?;
    if let Some(text) = feed::lacking(copy.missing) {
        look.notices.insert(0, Notice { uid: None, line: None, text });
    }
    Ok(Checked {
        name: &chosen.name,
        owner,
        ladder: &config.ladder,
        how: chosen.how(),
        zone_data: zone::data_version(),
        look,
        changed_at: copy.changed_at,
        now: during.start,
    })
}

/// One after the other: one that cannot be read leaves the others alone.
fn all_text(
    all: &[Chosen<'_>],
    config: &Config,
    during: &Wanted,
    screen: Screen,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let several = config.people.iter().filter(|person| !person.calendars.is_empty()).count() > 1;
    let mut exit = Exit::Done;
    for (number, chosen) in all.iter().enumerate() {
        let whose =
            chosen.person.filter(|_| several).map_or_else(String::new, |person| format!("{}/", printable(&person.id)));
        let text = look_at(chosen, config, during).map_or_else(
            |why| {
                exit = Exit::NotDone;
                let why = why.to_string();
                format!("{}\n", screen.paint.alarm(why.strip_prefix("the calendar ").unwrap_or(&why)))
            },
            |checked| checked.text(screen),
        );
        let between = if number == 0 { "" } else { "\n" };
        out.write_all(format!("{between}{whose}{text}").as_bytes())?;
    }
    Ok(exit)
}

/// As [`all_text`].
fn all_json(all: &[Chosen<'_>], config: &Config, during: &Wanted, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let seen: Vec<_> = all.iter().map(|chosen| (chosen, look_at(chosen, config, during))).collect();
    let calendars = seen.iter().map(|(chosen, seen)| match seen {
        Ok(checked) => Entry::Seen(checked.json()),
        Err(why) => Entry::Unread(object! {
            calendar: &chosen.name,
            person: chosen.person.map(|person| &person.id),
            error: why.to_string(),
        }),
    });
    print::json(out, &object! { schema: 1, now: during.start, calendars: calendars.collect::<Vec<_>>() })?;
    Ok(if seen.iter().all(|(_, seen)| seen.is_ok()) { Exit::Done } else { Exit::NotDone })
}

/// One of all calendars.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Entry<S, U> {
    Seen(S),
    Unread(U),
}
