//! `savehub tick`.

use super::args::TickArgs;
use super::ctx::Invocation;
use super::monitoring::MonitoredTick;
use super::print::{self, Screen};
use super::watchdog::Watchdog;
use super::words::{counted, heard_how, heard_words, late_words, reason_words, result_words, unread_line};
use super::{local_time, open, pick};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::config::{Broken, Config, ConfigError, ProviderChoice, Secrets};
use crate::exit::{Exit, UsageError};
use crate::model::{Reason, Timestamp, printable};
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{StepResult, Store, StoreError};
use crate::tick::{HeardSeen, MeetingSeen, PersonChange, PersonSeen, Summary, dry_run, tick};
use crate::when;
use std::io::Write;
use std::sync::Arc;

/// Runs the command. Prints nothing when nothing happened, so that cron sends no mail.
pub(super) fn run(args: &TickArgs, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    // A rehearsal leaves no trace.
    let rehearses = args.dry_run || args.now.is_some();
    let secrets = if rehearses { Secrets::Needed } else { Secrets::MayBeLocked };
    let config = open::config_or_last_good(file, secrets, !rehearses)?;
    let mut config = if args.strict { strict(config)? } else { config };
    if let Some(database) = &args.database {
        (config.database, config.store) = (database.clone(), None);
    }
    let _watchdog = Watchdog::start(config.engine.tick_limit);
    let monitored = MonitoredTick::begin();
    if let Some(error) = given_up(&config) {
        if !rehearses {
            monitored.end(&config, None, Err(&error));
        }
        return Err(error);
    }
    let clock = clock(args, &config)?;
    let opened = store(args, &config);
    if opened.is_ok() {
        open::keep(&mut config);
    }
    let config = Arc::new(config);
    let (store, ran) = match opened {
        Ok(store) => (Some(Arc::clone(&store)), run_tick(args, &config, &store, clock)),
        Err(error) => {
            // There is no store to keep it as a fault.
            if let Some(broken) = &config.broken {
                log::error!("{}", broken.words(SystemClock.now(), Timestamp::to_rfc3339));
            }
            (None, Err(error.into()))
        }
    };
    let shown = ran.as_ref().map_or(Ok(()), |summary| show(args, summary, screen, out));
    // A rehearsal is no sign of life.
    if !rehearses {
        monitored.end(&config, store.as_deref(), ran.as_ref());
    }
    let exit = ran?.exit();
    shown?;
    Ok(exit)
}

/// Only a config that `config check` accepts.
fn strict(config: Config) -> Result<Config, ConfigError> {
    match &config.broken {
        Some(broken) => Err(not_used(broken, "its last good copy is not used with --strict")),
        None => config.accepted(),
    }
}

/// Ticks go on with a copy for so long, and not for ever.
fn given_up(config: &Config) -> Option<anyhow::Error> {
    let (broken, now) = (config.broken.as_deref()?, SystemClock.now());
    let words = || broken.words(now, Timestamp::to_rfc3339);
    broken.is_over(now).then(|| not_used(broken, &words()).into())
}

fn not_used(broken: &Broken, why: &str) -> ConfigError {
    ConfigError::Refused { error: Arc::clone(&broken.error), why: format!("note: {why}") }
}

fn store(args: &TickArgs, config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    if !args.dry_run {
        return open::store(config, if args.database.is_some() { Create::No } else { Create::Yes });
    }
    // A dry run makes no database.
    match open::store_if_any(config)? {
        Some(store) => Ok(store),
        None => Ok(Arc::new(SqliteStore::in_memory()?)),
    }
}

fn run_tick(
    args: &TickArgs,
    config: &Arc<Config>,
    store: &Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Summary> {
    let world = open::world(config, store, clock)?;
    Ok(if args.dry_run { dry_run(&world)? } else { tick(&world)? })
}

fn show(args: &TickArgs, summary: &Summary, screen: Screen, out: &mut dyn Write) -> std::io::Result<()> {
    if args.json {
        print::json(out, summary)?;
    } else {
        show_text(summary, screen, out)?;
    }
    out.flush()
}

/// The system's clock, or the one of `--now`, which a real call must never go by.
fn clock(args: &TickArgs, config: &Config) -> anyhow::Result<Arc<dyn Clock>> {
    let Some(typed) = &args.now else { return Ok(Arc::new(SystemClock)) };
    let real = config.provider.chosen == ProviderChoice::Twilio && !config.test_mode;
    if real && !args.dry_run {
        let why = "--now turns the clock for a rehearsal; with a real provider phones would ring at the wrong time. \
                   Add --dry-run, or set CALL_PROVIDER=mock";
        return Err(UsageError(why.into()).into());
    }
    local_time::must_be_known(config)?;
    let zone = pick::first_zone(&config.people);
    let now = when::parse(typed, SystemClock.now(), &zone).map_err(|error| UsageError(format!("--now: {error}")))?;
    // A copy, or what is not written, is no database in use.
    let in_use = !args.dry_run && args.database.is_none();
    let clock = if in_use { ManualClock::turned(now) } else { ManualClock::at(now) };
    // Each run is turned anew: no witness of an earlier one says anything.
    clock.say_synchronised(true);
    Ok(Arc::new(clock))
}

fn show_text(summary: &Summary, screen: Screen, out: &mut dyn Write) -> std::io::Result<()> {
    if let Some(line) = unread_line(&summary.unread_calendars, screen.paint) {
        writeln!(out, "{line}")?;
    }
    for person in &summary.people {
        writeln!(out, "{}", person_line(person))?;
    }
    for meeting in &summary.meetings {
        if let Some(line) = meeting_line(meeting) {
            writeln!(out, "{line}")?;
        }
    }
    for heard in &summary.heard {
        writeln!(out, "{}", heard_line(heard))?;
    }
    for there in &summary.present {
        let (title, person) = (printable(&there.title), printable(&there.person));
        writeln!(out, "{} {title} ({person}): {}", there.incident, reason_words(Reason::Presence))?;
    }
    for end in &summary.late_ends {
        let words = late_words(end);
        let line = format!("{} {} ({}): {words}", end.incident, printable(&end.title), printable(&end.person));
        writeln!(out, "{}", screen.paint.alarm(&line))?;
    }
    for result in &summary.results {
        let line = line(result, summary.dry_run);
        let trouble = crate::tick::is_trouble(result);
        writeln!(out, "{}", if trouble { screen.paint.alarm(&line) } else { line })?;
    }
    Ok(())
}

/// `ben left the config; nothing rings for 2 meetings to come`.
fn person_line(seen: &PersonSeen) -> String {
    let person = printable(&seen.person);
    let meetings = (seen.meetings > 0).then(|| counted(seen.meetings, "meeting"));
    match (seen.change, meetings) {
        (PersonChange::Left, None) => format!("{person} left the config"),
        (PersonChange::Left, Some(n)) => format!("{person} left the config; nothing rings for {n} to come"),
        (PersonChange::Back, None) => format!("{person} is back in the config"),
        (PersonChange::Back, Some(n)) => format!("{person} is back in the config; {n} to come watched again"),
        (PersonChange::Renamed, _) => {
            let now = seen.now.as_deref().map(printable).unwrap_or_default();
            format!("{person} is {now} now: the number is the same, so meetings, check-ins and calls go along")
        }
    }
}

/// `i4 Board sync (ana): its calendar moved it`: only meetings with an incident, since a day's new meetings are no news
/// for cron.
fn meeting_line(meeting: &MeetingSeen) -> Option<String> {
    let incident = meeting.incident?;
    let what = match meeting.reason {
        Some(reason) => format!("ended: {}", reason_words(reason)),
        None => "its calendar moved it".into(),
    };
    Some(format!("{incident} {} ({}): {what}", printable(&meeting.title), printable(&meeting.person)))
}

/// `i4: ****0123 replied: joined`.
fn heard_line(heard: &HeardSeen) -> String {
    let incidents: Vec<String> = heard.incidents.iter().map(ToString::to_string).collect();
    let whose = if incidents.is_empty() { "no meeting".to_owned() } else { incidents.join(", ") };
    format!("{whose}: {} {}: {}", heard.from, heard_how(heard.how), heard_words(heard.effect).short)
}

/// `i4 Board sync (ana): called ****0123, call CA…`.
fn line(result: &StepResult, dry_run: bool) -> String {
    let incident = result.incident.map_or_else(|| "call-test".to_owned(), |id| id.to_string());
    let what = result_words(result, dry_run);
    format!("{incident} {} ({}): {what}", printable(&result.title), printable(&result.person))
}
