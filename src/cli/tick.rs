//! `savehub tick`.

use super::args::TickArgs;
use super::open;
use super::print::{self, Screen};
use super::status::reason_words;
use super::watchdog::Watchdog;
use super::watched::Watched;
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::config::{Config, ProviderChoice};
use crate::exit::{Exit, UsageError};
use crate::model::{HeardEffect, HeardHow, ProviderKind, Reason, RungKind, StepState, printable};
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{StepResult, Store, StoreError};
use crate::tick::{HeardSeen, MeetingSeen, Summary, dry_run, tick};
use crate::when;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Runs the command. Prints nothing when nothing happened, so that cron sends no mail.
pub(super) fn run(args: &TickArgs, file: Option<&Path>, screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let config = Arc::new(open::config(file)?);
    let _watchdog = Watchdog::start(config.engine.tick_limit);
    let watched = Watched::begin();
    let clock = clock(args, &config)?;
    let (store, ran) = match store(args, &config) {
        Ok(store) => (Some(Arc::clone(&store)), ticked(args, &config, &store, clock)),
        Err(error) => (None, Err(error.into())),
    };
    let told = ran.as_ref().map_or(Ok(()), |summary| show(args, summary, screen, out));
    // A rehearsal is no sign of life.
    if !args.dry_run && args.now.is_none() {
        watched.end(&config, store.as_deref(), ran.as_ref());
    }
    let exit = ran?.exit();
    told?;
    Ok(exit)
}

fn store(args: &TickArgs, config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    if !args.dry_run {
        return open::store(config, Create::Yes);
    }
    // A dry run makes no database.
    match open::store_if_any(config)? {
        Some(store) => Ok(store),
        None => Ok(Arc::new(SqliteStore::in_memory()?)),
    }
}

fn ticked(
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
        tell(summary, screen, out)?;
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
    let zone = config.people.first().map_or_else(crate::zone::Zone::system, |p| p.zone.clone());
    let now = when::parse(typed, SystemClock.now(), &zone).map_err(|error| UsageError(format!("--now: {error}")))?;
    Ok(Arc::new(ManualClock::at(now)))
}

fn tell(summary: &Summary, screen: Screen, out: &mut dyn Write) -> std::io::Result<()> {
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
    for result in &summary.results {
        let line = line(result, summary.dry_run);
        let trouble = crate::tick::is_trouble(result);
        writeln!(out, "{}", if trouble { screen.paint.alarm(&line) } else { line })?;
    }
    Ok(())
}

/// `i4 Board sync (ana): its calendar moved it`: only what was being watched; a day's new meetings are no news for cron.
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
    let how = match heard.how {
        HeardHow::Message => "replied",
        HeardHow::Call => "called back",
        HeardHow::Key => "pressed a key",
    };
    let what = match heard.effect {
        HeardEffect::Joined => "joined",
        HeardEffect::Missed => "will miss it",
        HeardEffect::Acknowledged => "is on it",
        HeardEffect::NotUnderstood => "not understood, nothing was done",
        HeardEffect::NeedsCode => "it does not say for which meeting, nothing was done",
        HeardEffect::NothingOpen => "nothing is open any more",
    };
    format!("{whose}: {} {how}: {what}", heard.from)
}

/// `i4 Board sync (ana): called ****0123, call CA…`.
fn line(result: &StepResult, dry_run: bool) -> String {
    let incident = result.incident.map_or_else(|| "call-test".to_owned(), |id| id.to_string());
    let what = outcome(result, dry_run);
    format!("{incident} {} ({}): {what}", printable(&result.title), printable(&result.person))
}

/// `texted ****0123, SM…`: what is no call.
fn sent(result: &StepResult, dry_run: bool, to: &str) -> String {
    let (would, did) = match result.kind {
        RungKind::Call => ("call", "called"),
        RungKind::Sms => ("text", "texted"),
        RungKind::Email => ("write to", "wrote to"),
        RungKind::Webhook => ("post to", "posted to"),
        RungKind::Command => ("run", "ran"),
    };
    let id = result.call_id.as_deref().unwrap_or("unknown");
    match (result.provider, result.reason) {
        _ if dry_run => format!("would {would} {to}"),
        (_, Reason::TestMode) => format!("test mode, would have {did} {to}"),
        (Some(ProviderKind::Mock), _) => format!("{did} {to}, but for the mock provider: {id}"),
        _ => format!("{did} {to}, {id}"),
    }
}

pub(super) fn outcome(result: &StepResult, dry_run: bool) -> String {
    let to = result.to.as_deref().unwrap_or("nobody");
    let id = result.call_id.as_deref().unwrap_or("unknown");
    if result.state == StepState::Executed && result.kind != RungKind::Call {
        return sent(result, dry_run, to);
    }
    match (result.state, result.reason) {
        (StepState::Executed, Reason::Merged) if dry_run => format!("would be named by the same call to {to}"),
        (StepState::Executed, _) if dry_run => format!("would call {to}"),
        (StepState::Executed, Reason::Merged) => format!("named by the same call to {to}, call {id}"),
        (StepState::Executed, Reason::TestMode) => format!("test mode, {to} was not called"),
        (StepState::Executed, _) if result.provider == Some(ProviderKind::Mock) => {
            format!("called {to} on the mock phone, call {id}")
        }
        (StepState::Executed, _) => format!("called {to}, call {id}"),
        (state, reason) => {
            let would = if dry_run { "would be " } else { "" };
            let detail = printable(&result.detail);
            let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
            format!("{would}{}: {}{detail}", state.as_str().to_lowercase(), reason_words(reason))
        }
    }
}
