//! `savehub status`: what comes next, what is open, what rang, and whether savehub runs at all.
//!
//! Pure but for [`run`]: a snapshot goes in, text ([`render`]) or JSON ([`report`]) comes out. The words are in
//! `words`.

mod calendars;
mod hosts;
mod json;
mod text;
mod watch;
mod words;

pub use json::{FIELDS, Report, report};
pub(super) use json::{clean_incident, clean_pauses};
pub use text::render;
pub(super) use text::{brakes, pause_lines};
pub(super) use words::{ack_words, error, incident_words, refusal};
pub use words::{attempt_words, reason_words};

use super::args::StatusArgs;
use super::print::{self, Screen};
use super::{Ctx, pick};
use crate::config::{Config, Person, ProviderChoice};
use crate::exit::Exit;
use crate::model::Timestamp;
use crate::store::{Snapshot, Store, StoreError, TickView};
use crate::zone::{self, Zone};
use std::path::Path;
use std::time::Duration;

/// Ended incidents are shown for this long.
const SHOWN_FOR: Duration = Duration::from_secs(12 * 3600);

/// Meetings to come are shown when they start within this time.
const AHEAD: Duration = Duration::from_secs(7 * 24 * 3600);

/// Without `--max-age`, a tick older than this raises the question whether the scheduler runs.
const USUAL_MAX_AGE: Duration = Duration::from_secs(120);

/// What a snapshot does not say.
#[derive(Debug, Clone, Copy)]
pub struct StatusCtx<'a> {
    /// Wall time.
    pub now: Timestamp,
    /// The people of the config, for their zones.
    pub people: &'a [Person],
    /// Who places calls.
    pub provider: ProviderChoice,
    /// Calls are recorded, not placed.
    pub test_mode: bool,
    /// The STOP file, when it exists.
    pub stopped_by: Option<&'a Path>,
    /// Oldest tick that is still fine.
    pub max_age: Option<Duration>,
    /// How to show things.
    pub screen: Screen,
}

/// Runs the command.
pub fn run(args: &StatusArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    if let Some(seconds) = args.watch {
        return watch::run(args, Duration::from_secs(seconds.into()), ctx);
    }
    let snapshot = snapshot(ctx.store, ctx.now)?;
    let status = StatusCtx::of(ctx.config, args, ctx.now, ctx.screen);
    if args.json {
        print::json(ctx.out, &report(&snapshot, zone::data_version(), &status))?;
    } else {
        ctx.out.write_all(render(&snapshot, &status).as_bytes())?;
    }
    Ok(exit(snapshot.last_tick.as_ref(), &status))
}

fn snapshot(store: &dyn Store, now: Timestamp) -> Result<Snapshot, StoreError> {
    store.snapshot(now, now.minus(SHOWN_FOR), now.plus(AHEAD))
}

impl<'a> StatusCtx<'a> {
    fn of(config: &'a Config, args: &StatusArgs, now: Timestamp, screen: Screen) -> Self {
        Self {
            now,
            people: &config.people,
            provider: config.provider.chosen,
            test_mode: config.test_mode,
            stopped_by: config.stopped().then_some(config.stop_file.as_path()),
            max_age: args.max_age,
            screen,
        }
    }
}

/// [`Exit::Stale`] when the last tick is older than `--max-age` allows, or there was none.
pub fn exit(last_tick: Option<&TickView>, ctx: &StatusCtx<'_>) -> Exit {
    match (ctx.max_age, last_tick) {
        (Some(max), Some(tick)) if age_ms(tick, ctx.now) > limit_ms(max) => Exit::Stale,
        (Some(_), None) => Exit::Stale,
        _ => Exit::Done,
    }
}

/// Age of a tick: since it ended, or since it started when it has not ended (it runs, or it was killed). A tick from
/// the future (the clock was turned back) is as old as it is far away.
fn age_ms(tick: &TickView, now: Timestamp) -> u64 {
    now.since(tick.ended_at.unwrap_or(tick.started_at)).unsigned_abs()
}

fn limit_ms(max: Duration) -> u64 {
    u64::try_from(max.as_millis()).unwrap_or(u64::MAX)
}

fn is_old(tick: &TickView, ctx: &StatusCtx<'_>) -> bool {
    age_ms(tick, ctx.now) > limit_ms(ctx.max_age.unwrap_or(USUAL_MAX_AGE))
}

/// Is the last tick too old, or was there none?
fn is_stale(tick: Option<&TickView>, ctx: &StatusCtx<'_>) -> bool {
    tick.is_none_or(|tick| is_old(tick, ctx))
}

fn zone_of(person: &str, ctx: &StatusCtx<'_>) -> Zone {
    pick::zone_of(person, ctx.people)
}

#[cfg(test)]
mod tests;
