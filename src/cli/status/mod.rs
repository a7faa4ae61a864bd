//! `savehub status`: what comes next, what is open, what rang, and whether savehub runs at all.
//!
//! Pure but for [`run`]: a snapshot goes in, text ([`render`]) or JSON ([`report`]) comes out. The words are in
//! `words`.

mod calendars;
mod json;
mod text;
mod words;

pub(super) use json::clean_incident;
pub use json::{FIELDS, Report, report};
pub(super) use text::brakes;
pub use text::render;
pub(super) use words::{ack_words, error, incident_words, refusal};
pub use words::{attempt_words, reason_words};

use super::args::StatusArgs;
use super::print::{self, Screen};
use super::{Ctx, pick};
use crate::config::{Person, ProviderChoice};
use crate::exit::Exit;
use crate::model::Timestamp;
use crate::store::TickView;
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
    let (since, until) = (ctx.now.minus(SHOWN_FOR), ctx.now.plus(AHEAD));
    let snapshot = ctx.store.snapshot(ctx.now, since, until)?;
    let stop = ctx.config.stop_file.as_path();
    let status = StatusCtx {
        now: ctx.now,
        people: &ctx.config.people,
        provider: ctx.config.provider.chosen,
        test_mode: ctx.config.test_mode,
        stopped_by: ctx.config.stopped().then_some(stop),
        max_age: args.max_age,
        screen: ctx.screen,
    };
    if args.json {
        print::json(ctx.out, &report(&snapshot, zone::data_version(), &status))?;
    } else {
        ctx.out.write_all(render(&snapshot, &status).as_bytes())?;
    }
    Ok(exit(snapshot.last_tick.as_ref(), &status))
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

fn zone_of(person: &str, ctx: &StatusCtx<'_>) -> Zone {
    pick::zone_of(person, ctx.people)
}

#[cfg(test)]
mod tests;
