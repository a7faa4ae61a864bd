//! `savehub plan`: the real ticks on a copy of the database, under a clock that is turned from one moment with something to
//! do to the next. Everybody takes what is sent and nobody answers; nobody checks in.
//!
//! A scheduler is taken to tick at the full and the half minute. Between two moments with something to do a tick changes
//! nothing that counts, so none is run there. Calls keep the provider's pace: where a tick waits for the next turn, the
//! clock is turned on, and what is not done when the next tick starts is left to that one (outside of a rehearsal the two
//! would share the turns). Calendars are not asked: their last good copies are expanded as the clock is
//! turned, by the code that does it in every tick, so a plan reaches as far as they do.

use super::{World, tick};
use crate::clock::{Clock as _, ManualClock};
use crate::config::Config;
use crate::feed::{Feed, Feeds, FetchFailure, Fetched};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, HangUp, Outcome, Pace, ProviderKind, Reply, ReplyMeta, Request,
    RungKind, Timestamp, Validators,
};
use crate::provider::{Gate, Provider, ProviderError, Providers};
use crate::rules::ladder;
use crate::store::{History, StepHistory, StepResult, Store, StoreError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A scheduler ticks so often.
const EVERY_MS: i64 = 30_000;

/// At least so often a tick expands the calendars: they are looked at 26 h ahead.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 3600);

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What would become of each step, in order.
    pub steps: Vec<Foreseen>,
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
    /// What the guards that let it through saw.
    pub guards: Option<String>,
}

/// Rehearses every tick until then. Nothing leaves this machine and nothing is changed.
pub fn plan(world: &World, until: Timestamp) -> Result<Outlook, StoreError> {
    rehearsed(world, until, None)
}

/// The same, but no tick begins after `end`: the outlook may reach less far.
pub fn plan_by(world: &World, until: Timestamp, end: Instant) -> Result<Outlook, StoreError> {
    rehearsed(world, until, Some(end))
}

fn rehearsed(world: &World, until: Timestamp, end: Option<Instant>) -> Result<Outlook, StoreError> {
    let clock = Arc::new(ManualClock::like(world.clock.as_ref()));
    let store: Arc<dyn Store> = Arc::from(world.store.rehearsal()?);
    let rehearsal = World {
        config: Arc::new(keeping_all(&world.config)),
        store: Arc::clone(&store),
        providers: Arc::new(Nobody(Arc::clone(&world.providers))),
        feeds: Arc::new(AsTheyWere),
        clock: Arc::clone(&clock) as _,
        ..world.clone()
    };
    let (mut results, mut ticks, mut reached) = (Vec::new(), 0, until);
    let mut next = grid(clock.now());
    while next <= until {
        if end.is_some_and(|end| Instant::now() >= end) {
            reached = clock.now();
            break;
        }
        clock.advance(Duration::from_millis(next.since(clock.now()).max(0).unsigned_abs()));
        let at = clock.now();
        results.extend(tick(&rehearsal)?.results.into_iter().map(|result| (at, result)));
        ticks += 1;
        // A tick that waited for turns: the one that started beside it meanwhile goes on.
        let is_over = clock.now() < grid(just_after(at));
        next = if is_over { following(&rehearsal)? } else { clock.now() };
    }
    Ok(Outlook { steps: foreseen(store.as_ref(), results)?, ticks, until: reached })
}

/// The config without a time after which history is deleted: the plan is read from what its ticks leave behind.
fn keeping_all(config: &Config) -> Config {
    let mut config = config.clone();
    config.engine.retention = None;
    config
}

fn just_after(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms().saturating_add(1))
}

/// The next full or half minute, this one included.
fn grid(at: Timestamp) -> Timestamp {
    let ms = at.ms();
    Timestamp::from_ms(ms.saturating_add((-ms).rem_euclid(EVERY_MS)))
}

/// The first tick from now on that has something to do.
fn following(world: &World) -> Result<Timestamp, StoreError> {
    let (config, now) = (&world.config, world.clock.now());
    let ahead = world.store.ahead(now.minus(config.engine.grace))?;
    let reach = ladder::reach(&config.ladder);
    let moments = [
        ahead.step,
        ahead.meeting.map(|start| just_after(start.minus(reach))),
        ahead.incident.map(|start| start.plus(config.engine.grace)),
    ];
    let first = moments.into_iter().flatten().fold(now.plus(LOOK_EVERY), Timestamp::min);
    Ok(grid(first.max(just_after(now))))
}

/// Adds what the results do not say.
fn foreseen(store: &dyn Store, results: Vec<(Timestamp, StepResult)>) -> Result<Vec<Foreseen>, StoreError> {
    let mut meetings: HashMap<crate::model::MeetingId, Option<History>> = HashMap::new();
    let mut steps = Vec::new();
    for (tick_at, result) in results {
        let (Some(incident), Some(step)) = (result.incident, result.step) else { continue };
        let Some(meeting) = store.meeting_of(incident)? else { continue };
        let history = match meetings.entry(meeting) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(store.history(meeting)?),
        };
        let told = history.as_ref().and_then(|history| history.incidents.iter().find(|i| i.view.id == incident));
        let Some(told) = told else { continue };
        let more: Option<&StepHistory> = told.steps.iter().find(|one| one.view.id == step);
        steps.push(Foreseen {
            at: more.map_or(tick_at, |more| more.changed_at),
            result,
            starts_at: told.view.starts_at,
            contact: more.and_then(|more| more.view.contact.clone()),
            guards: more.and_then(|more| more.attempts.last()).and_then(|attempt| attempt.guards.clone()),
        });
    }
    // Answers come in any order; a plan has one.
    steps.sort_by_key(|step| (step.at, step.starts_at, step.result.incident, step.result.step));
    Ok(steps)
}

/// Every calendar is as it was when it was read last.
struct AsTheyWere;

impl Feeds for AsTheyWere {
    fn feed(&self, _: &str) -> Option<Arc<dyn Feed>> {
        Some(Arc::new(Self))
    }
}

impl Feed for AsTheyWere {
    fn fetch(&self, last: &Validators, _: bool) -> Fetched {
        if *last == Validators::default() {
            let why = "it has not been read yet".into();
            return Fetched::Failed(FetchFailure { why, retry_after: None });
        }
        Fetched::Unchanged(last.clone())
    }
}

/// Stands before every provider: nothing leaves, and what is there already is not asked about.
struct Nobody(Arc<dyn Providers>);

impl Providers for Nobody {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        self.0.of(kind).map(|real| -> Arc<dyn Provider> { Arc::new(NobodyAnswers(real)) })
    }

    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        self.of(kind).filter(|same| same.kind() == provider && same.account() == account)
    }
}

/// Takes everything; phones ring and nobody picks up.
struct NobodyAnswers(Arc<dyn Provider>);

/// Ids of planned calls begin so; when it was placed and how long it rings follow, both in milliseconds.
const ID: &str = "PLAN-";

impl Provider for NobodyAnswers {
    fn kind(&self) -> ProviderKind {
        self.0.kind()
    }

    fn account(&self) -> &str {
        self.0.account()
    }

    fn senders(&self) -> Vec<Address> {
        self.0.senders()
    }

    fn pace(&self) -> Option<Pace> {
        self.0.pace()
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let status = match (self.kind(), request.to.kind) {
            (ProviderKind::Test, _) => CallStatus::Simulated,
            (_, RungKind::Call) => CallStatus::Queued,
            (_, RungKind::Sms) => CallStatus::Delivered,
            (_, RungKind::Email | RungKind::Webhook | RungKind::Command) => CallStatus::Done,
        };
        let (at, ring) = (request.intent_at.ms(), request.ring_timeout.as_millis());
        let taken = Accepted { sid: format!("{ID}{at}-{ring}-{}", request.token), status };
        Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        let (at, ring) = planned(sid).ok_or(ProviderError::NotFound)?;
        let rings = now < at.plus(ring);
        let status = if rings { CallStatus::Ringing } else { CallStatus::NoAnswer };
        let rang_s = (!rings).then(|| u32::try_from(ring.as_secs()).unwrap_or(u32::MAX));
        Ok(report(status, rang_s))
    }

    fn hang_up(&self, sid: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        planned(sid).map(|_| report(CallStatus::Canceled, None)).ok_or(ProviderError::NotFound)
    }
}

fn planned(sid: &str) -> Option<(Timestamp, Duration)> {
    let mut parts = sid.strip_prefix(ID)?.split('-');
    let (at, ring) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((Timestamp::from_ms(at), Duration::from_millis(ring)))
}

fn report(status: CallStatus, rang_s: Option<u32>) -> CallReport {
    CallReport {
        status,
        duration_s: None,
        rang_s,
        answered_by: None,
        error_code: None,
        price: None,
        price_unit: None,
        skew_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_at_the_full_and_the_half_minute() {
        let next = |ms| grid(Timestamp::from_ms(ms)).ms();
        assert_eq!([next(0), next(1), next(29_999), next(30_000), next(30_001)], [0, 30_000, 30_000, 30_000, 60_000]);
    }

    #[test]
    fn a_planned_call_carries_its_own_times() {
        let read = planned("PLAN-1795338000000-45000-0123456789abcdef");
        assert_eq!(read, Some((Timestamp::from_ms(1_795_338_000_000), Duration::from_secs(45))));
        assert_eq!(planned("CA0123"), None);
    }
}
