//! `savehub plan`: runs the real ticks on a copy of the database. Its clock jumps from one moment with something to do
//! to the next. Every request is accepted, nobody answers, and nobody checks in.
//!
//! It assumes a tick at each full and half minute. Between two moments with something to do, a tick would change
//! nothing, so none is run. Calls keep the provider's pace: where a tick waits for the next turn, the clock is
//! advanced. What is not done when the next tick starts is left to that tick (in reality the two would share the
//! turns). Calendars in files are read, and addresses that were never read, with the first tick; as the clock advances, the
//! code of the tick expands the copies whenever meetings come into reach that they do not hold yet, so a plan reaches as
//! far as these do.

use super::calendar_look::AHEAD as EXPANDED_AHEAD;
use super::rehearse::{Rehearsal, StandIns};
use super::rehearsed_feeds::{RehearsedFeeds, as_taken};
use super::{World, tick};
use crate::clock::{Clock as _, ManualClock};
use crate::config::{Config, Person};
use crate::model::{MARKED_EARLY, Marks, OPEN_AHEAD, StepId, Timestamp};
use crate::rules::ladder;
use crate::store::{CalendarView, StepOutline, StepResult, Store, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A scheduler is assumed to tick this often.
const EVERY_MS: i64 = 30_000;

/// A tick is run at least this often.
const AT_LEAST_EVERY: Duration = Duration::from_secs(6 * 3600);

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What would become of each step, in order.
    pub steps: Vec<Foreseen>,
    /// The calendars as they were taken.
    pub calendars: Vec<CalendarView>,
    /// How many ticks were rehearsed.
    pub ticks: u32,
    /// Nothing later was rehearsed.
    pub until: Timestamp,
}

/// What would become of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// When it is decided: with a tick, or, if it waits for its turn, later in it.
    pub at: Timestamp,
    /// What comes of it. Ids of meetings that are not known yet are those of the rehearsal.
    pub result: StepResult,
    /// Start of the meeting.
    pub starts_at: Timestamp,
    /// The contact it is for; `None`: the person.
    pub contact: Option<String>,
    /// What the meeting is marked with.
    pub marks: Marks,
    /// What the guards that let it through saw.
    pub guards: Option<String>,
}

/// Rehearses every tick until then. Nothing is changed, and nothing leaves this machine but questions for calendars that
/// were never read.
pub fn plan(world: &World, until: Timestamp) -> Result<Outlook, StoreError> {
    rehearsed(world, until, None)
}

/// The same, but no tick begins after `end`: the outlook may reach less far. No calendar's address is asked.
pub fn plan_by(world: &World, until: Timestamp, end: Instant) -> Result<Outlook, StoreError> {
    rehearsed(world, until, Some(end))
}

fn rehearsed(world: &World, until: Timestamp, end: Option<Instant>) -> Result<Outlook, StoreError> {
    let clock = Arc::new(ManualClock::like(world.clock.as_ref()));
    let store: Arc<dyn Store> = Arc::from(world.store.rehearsal(world.clock.now())?);
    let feeds = Arc::new(RehearsedFeeds::new(world, end.is_none()));
    // The plan is read from the history that its ticks leave behind.
    let mut config = Config::clone(&world.config);
    config.engine.retention = None;
    let rehearsal = World {
        config: Arc::new(config),
        store: Arc::clone(&store),
        providers: Arc::new(StandIns(Rehearsal::Plan, Arc::clone(&world.providers))),
        feeds: Arc::clone(&feeds) as _,
        clock: Arc::clone(&clock) as _,
        ..world.clone()
    };
    let (mut results, mut calendars, mut ticks, mut reached) = (Vec::new(), None, 0, until);
    let mut next = grid(clock.now());
    while next <= until {
        if end.is_some_and(|end| Instant::now() >= end) {
            reached = clock.now();
            break;
        }
        clock.advance(Duration::from_millis(next.since(clock.now()).max(0).unsigned_abs()));
        let at = clock.now();
        results.extend(tick(&rehearsal)?.results);
        ticks += 1;
        if calendars.is_none() {
            calendars = Some(as_taken(world, store.as_ref())?);
        }
        let ahead = Moments::after(&rehearsal)?;
        // A tick that waits for turns ends here: the next one has started meanwhile and goes on.
        let is_over = clock.now() < grid(just_after(at));
        next = if is_over { ahead.next } else { clock.now() };
        feeds.let_rest(ahead.look_at.is_none_or(|look_at| next < look_at));
    }
    let calendars = calendars.map_or_else(|| as_taken(world, store.as_ref()), Ok)?;
    Ok(Outlook { steps: foreseen(store.as_ref(), results)?, calendars, ticks, until: reached })
}

fn just_after(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms().saturating_add(1))
}

/// The next full or half minute, this one included.
fn grid(at: Timestamp) -> Timestamp {
    let ms = at.ms();
    Timestamp::from_ms(ms.saturating_add((-ms).rem_euclid(EVERY_MS)))
}

/// What comes after a tick.
struct Moments {
    /// The first tick that has something to do.
    next: Timestamp,
    /// From then on, calendars are looked at: otherwise a meeting could be in reach that no copy holds yet. Long ago
    /// when a look is due for another reason; `None`: there are none.
    look_at: Option<Timestamp>,
}

impl Moments {
    fn after(world: &World) -> Result<Self, StoreError> {
        let (config, now) = (&world.config, world.clock.now());
        let ahead = world.store.ahead(now.minus(config.engine.grace))?;
        let reach = ladder::reach(&config.ladder);
        let marked = if may_mark(config) { *MARKED_EARLY.end() + OPEN_AHEAD } else { Duration::ZERO };
        let held = EXPANDED_AHEAD.saturating_sub(reach.max(marked));
        let look_at = ahead.expanded.map(|at| at.plus(held).minus(Duration::from_millis(EVERY_MS.unsigned_abs())));
        let moments = [
            ahead.step,
            ahead.meeting.map(|start| just_after(start.minus(reach))),
            ahead.early.map(|due| just_after(due.minus(OPEN_AHEAD))),
            ahead.incident.map(|start| start.plus(config.engine.grace)),
            look_at.filter(|at| *at > now),
        ];
        let first = moments.into_iter().flatten().fold(now.plus(AT_LEAST_EVERY), Timestamp::min);
        Ok(Self { next: grid(first.max(just_after(now))), look_at })
    }
}

/// May a mark bring the first notice of a meeting forward?
fn may_mark(config: &Config) -> bool {
    let marks = |person: &Person| {
        let own = || person.calendars.iter().any(|source| source.own);
        person.policy.mark.is_some() && (!person.policy.addresses.is_empty() || own())
    };
    config.ladder.iter().any(|rung| ladder::is_notice(&rung.action)) && config.people.iter().any(marks)
}

/// Adds what the results do not say.
fn foreseen(store: &dyn Store, results: Vec<StepResult>) -> Result<Vec<Foreseen>, StoreError> {
    let decided: Vec<(StepId, StepResult)> =
        results.into_iter().filter_map(|result| Some((result.step?, result))).collect();
    let outlines = store.outlines(&decided.iter().map(|(step, _)| *step).collect::<Vec<_>>())?;
    let foreseen = |((_, result), outline): ((StepId, StepResult), Option<StepOutline>)| {
        let StepOutline { changed_at, starts_at, contact, marks, guards } = outline?;
        Some(Foreseen { at: changed_at, result, starts_at, contact, marks, guards })
    };
    let mut steps: Vec<Foreseen> = decided.into_iter().zip(outlines).filter_map(foreseen).collect();
    // Workers answer in any order; a plan has a fixed one.
    steps.sort_by_key(|step| (step.at, step.starts_at, step.result.incident, step.result.step));
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_at_the_full_and_the_half_minute() {
        let next = |ms| grid(Timestamp::from_ms(ms)).ms();
        assert_eq!([next(0), next(1), next(29_999), next(30_000), next(30_001)], [0, 30_000, 30_000, 30_000, 60_000]);
    }
}
