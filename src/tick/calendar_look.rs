//! One look at a calendar: fetched and expanded in a worker, written down by the thread that owns the decisions.
//!
//! The copy is expanded when it is new, when what it was expanded with has changed (the policy, the zones), once an
//! hour, since the time that is looked at moves on, and when something seems to be missing. Otherwise a look costs one
//! question and one small write, and that of an unchanged file nothing at all. The last good copy stays in force while
//! no newer one can be had, and is expanded all the same.

use super::world::World;
use crate::calendar::{self, Limits, View};
use crate::config::Config;
use crate::feed::{self, Feed, FetchFailure, Fetched};
use crate::model::{self, CalendarKind, KnownMeeting, SeenMeeting, Timestamp, Validators, printable};
use crate::rules::refresh::{self, Looked};
use crate::rules::{agenda, ladder};
use crate::store::{AgendaRecorded, DueCalendar, Expanded, LookDone, LookOutcome, LookToRecord, Result, Store};
use std::sync::Arc;
use std::time::Duration;

/// How far ahead meetings are planned: a day, and time for an outage of the scheduler.
pub(super) const AHEAD: Duration = Duration::from_secs(26 * 3600);

/// The copy is expanded again after this long.
const EXPAND_EVERY: Duration = Duration::from_secs(3600);

/// That no server is reached is told when the copy is older than the time it is good by this: a short outage is no fault
/// of each calendar.
const TOLD_AFTER: Duration = Duration::from_secs(30 * 60);

/// One look: everything a worker needs, and what is known of the calendar.
pub(super) struct CalendarLook {
    world: World,
    pub(super) due: DueCalendar,
    /// Name of the calendar.
    name: String,
    /// How long a copy is good.
    refresh: Duration,
    /// It is the person's own.
    own: bool,
    feed: Arc<dyn Feed>,
    /// When it was started.
    pub(super) now: Timestamp,
}

/// What a look saw.
pub(super) struct CalendarSeen {
    outcome: LookOutcome,
    /// How long the server asked to be left alone.
    retry_after: Option<Duration>,
    /// No server was reached.
    unreached: bool,
    /// The whole calendar was asked for.
    full: bool,
    /// Every event of it could be had.
    complete: bool,
    expanded: Option<Expanded>,
}

/// There is a copy.
const fn good(outcome: LookOutcome, full: bool, expanded: Option<Expanded>) -> CalendarSeen {
    CalendarSeen { outcome, retry_after: None, unreached: false, full, complete: true, expanded }
}

/// There is no new copy.
pub(super) fn failed(failure: impl Into<FetchFailure>) -> CalendarSeen {
    let FetchFailure { why, retry_after, unreached } = failure.into();
    let outcome = LookOutcome::Failed { why };
    CalendarSeen { outcome, retry_after, unreached, full: false, complete: false, expanded: None }
}

/// The last good copy, for a look.
enum Copy {
    /// It was read already, and nothing has changed since.
    NotNeeded,
    /// As it came.
    Body(Vec<u8>),
    /// There is none, or none that can be used: the whole calendar is asked for.
    Missing,
}

impl CalendarLook {
    /// `None`: the config this process read does not have it (another one is about to notice).
    pub(super) fn new(world: &World, due: DueCalendar) -> Option<Self> {
        let mut sources = world.config.person(&due.person)?.calendars.iter();
        let source = sources.find(|source| source.key == due.key)?;
        let own = source.own;
        let (name, refresh, now) = (source.name.clone(), source.refresh(&world.config.calendar), world.clock.now());
        let feed = world.feeds.feed(&due.key, &(now..now.plus(AHEAD)))?;
        Some(Self { world: world.clone(), due, name, refresh, own, feed, now })
    }

    /// `work of ana`.
    pub(super) fn name(&self) -> String {
        printable(&format!("{} of {}", self.name, self.due.person))
    }

    /// Runs in a worker, and writes nothing. `None`: nothing is worth it. Errors are those of the store.
    pub(super) fn run(&self) -> Result<Option<CalendarSeen>> {
        // A person who left the config: the next tick removes the calendar.
        let Some(person) = self.world.config.person(&self.due.person) else { return Ok(None) };
        let (from, until, limits) = (self.now, self.now.plus(AHEAD), Limits::default());
        let policy = person.policy.with_addresses(&feed::own_addresses(&self.due.validators));
        let view = View { from, until, zone: &person.zone, policy: &policy, own: self.own, limits };
        let (store, longest) = (&self.world.store, self.world.config.calendar.max_bytes);
        let copy = if self.must_expand(&view) {
            store.calendar_body(self.due.id, longest)?.map_or(Copy::Missing, Copy::Body)
        } else {
            Copy::NotNeeded
        };
        let full =
            matches!(copy, Copy::Missing) || refresh::is_whole_due(self.due.full_at, self.last_near_ring(), self.now);
        let last = if let Copy::Missing = copy { &Validators::default() } else { &self.due.validators };
        let mut seen = match self.feed.fetch(last, full) {
            Fetched::Unchanged(validators) => good(LookOutcome::Unchanged(validators), full, None),
            Fetched::New { body, validators, missing } => {
                let policy = person.policy.with_addresses(&feed::own_addresses(&validators));
                match expand(&body, &View { policy: &policy, ..view.clone() }) {
                    Ok(meetings) => CalendarSeen {
                        complete: missing == 0,
                        ..good(LookOutcome::New { body, validators }, full, Some(lacking(missing, meetings)))
                    },
                    Err(why) => failed(why),
                }
            }
            Fetched::Failed(failure) => failed(failure),
        };
        if let (None, Copy::Body(body)) = (&seen.expanded, &copy) {
            seen.expanded = expand(body, &view).ok();
        }
        let nothing_new = seen.expanded.is_none() && self.is_as_it_was(&seen.outcome);
        Ok(Some(seen).filter(|_| !nothing_new))
    }

    /// Must the old copy be expanded (again) if no newer one comes?
    fn must_expand(&self, view: &View<'_>) -> bool {
        !self.due.has_body
            || self.due.has_missing
            || !self.is_within(EXPAND_EVERY, self.due.expanded_at)
            || self.due.expanded_with.as_deref() != Some(view.decided_by().as_str())
    }

    /// What is to be written down of what was seen at `now`.
    pub(super) fn done(self: &Arc<Self>, seen: CalendarSeen, now: Timestamp) -> DoneLook {
        let CalendarSeen { outcome, retry_after, unreached, full, complete, expanded } = seen;
        let failure = match &outcome {
            LookOutcome::Failed { why } => Some(why.clone()),
            _ => None,
        };
        // A server that fails is not asked sooner for what may have vanished.
        let [looked, second] = match failure {
            Some(_) if unreached => [Looked::Unreached; 2],
            Some(_) => [failed_again(self.due.failures, retry_after); 2],
            None => [false, true].map(|vanished| Looked::Good { vanished }),
        };
        let ring = self.next_ring(expanded.as_ref());
        let next_look = |looked| refresh::next_look(now, self.refresh, looked, ring, &self.due.key);
        let (next_look_at, second_look_at) = (next_look(looked), next_look(second));
        let done = LookDone { looks: self.due.looks, outcome, full, expanded, next_look_at, second_look_at };
        let told = !unreached || !self.is_within(self.refresh + TOLD_AFTER, self.due.good_at);
        DoneLook { look: Arc::clone(self), done, failure, complete, told, now }
    }

    /// Nothing worth a write: an unchanged file, or one that cannot be read for the same reason as before, as long as it
    /// was written down within the time a copy is good.
    fn is_as_it_was(&self, outcome: &LookOutcome) -> bool {
        let recent = |at: Option<Timestamp>| self.is_within(self.refresh, at);
        self.due.kind == CalendarKind::File
            && match outcome {
                LookOutcome::Unchanged(validators) => {
                    *validators == self.due.validators && self.due.failures == 0 && recent(self.due.good_at)
                }
                LookOutcome::Failed { why } => self.due.failure.as_ref() == Some(why) && recent(self.due.checked_at),
                LookOutcome::New { .. } => false,
            }
    }

    /// Was that so short a time ago? A time that lies ahead comes from a wrong clock and does not count.
    fn is_within(&self, time: Duration, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| at <= self.now && self.now < at.plus(time))
    }

    /// The last first ring before which a look comes now, or came. A file tells by itself whether it has changed.
    fn last_near_ring(&self) -> Option<Timestamp> {
        let start = self.due.last_near_start.filter(|_| self.due.kind == CalendarKind::Web)?;
        Some(start.minus(first_ring(&self.world.config)))
    }

    /// The next first ring, of a meeting known before or seen just now, that another look can come before.
    fn next_ring(&self, expanded: Option<&Expanded>) -> Option<Timestamp> {
        let (after, ring) = (looked_at_before_ring(&self.world.config, self.now), first_ring(&self.world.config));
        let starts = |meeting: &SeenMeeting| {
            let early = meeting.marks.early.unwrap_or_default().saturating_sub(ring);
            [meeting.starts_at, meeting.starts_at.minus(early)]
        };
        let seen = expanded.into_iter().flat_map(|expanded| &expanded.seen.meetings).flat_map(starts);
        let next = seen.filter(|start| *start > after).chain(self.due.next_start).min()?;
        Some(next.minus(ring))
    }
}

/// A look that ended, to be written down.
pub(super) struct DoneLook {
    pub(super) look: Arc<CalendarLook>,
    done: LookDone,
    /// Why there is no new copy.
    failure: Option<String>,
    /// What is not in it is not there. An old copy proves nothing about what is gone, nor does one that lacks something.
    complete: bool,
    /// Is the failure worth telling?
    told: bool,
    now: Timestamp,
}

impl DoneLook {
    /// How many meetings it saw.
    pub(super) fn meetings(&self) -> usize {
        self.done.expanded.as_ref().map_or(0, |expanded| expanded.seen.meetings.len())
    }

    /// How much of a new copy it brought.
    pub(super) fn bytes(&self) -> usize {
        if let LookOutcome::New { body, .. } = &self.done.outcome { body.len() } else { 0 }
    }

    /// Why there is no new copy, if that is worth telling and no later look has come before this one.
    pub(super) fn failure(&self, recorded: &AgendaRecorded) -> Option<&str> {
        self.failure.as_deref().filter(|_| recorded.counted && self.told)
    }

    /// Writes looks down together.
    pub(super) fn record(store: &dyn Store, looks: &[Self]) -> Result<Vec<AgendaRecorded>> {
        let rules: Vec<_> = looks
            .iter()
            .map(|Self { complete, now, .. }| {
                move |known: &[KnownMeeting], seen: &model::SeenAgenda| {
                    agenda::changes(known, &agenda::Look { seen, confirmed: *complete, now: *now })
                }
            })
            .collect();
        let looks = looks.iter().zip(&rules);
        let to_record = looks.map(|(of, rule)| LookToRecord { id: of.look.due.id, look: &of.done, now: of.now, rule });
        store.record_looks(&to_record.collect::<Vec<_>>())
    }
}

/// There is no new copy, after this many failures in a row.
fn failed_again(failures: u32, retry_after: Option<Duration>) -> Looked {
    Looked::Failed { times: failures.saturating_add(1), retry_after }
}

/// The meetings of a calendar; or why it is none, in plain words.
fn expand(body: &[u8], view: &View<'_>) -> std::result::Result<Expanded, String> {
    let look = calendar::look(body, view).map_err(|error| error.to_string())?;
    if !look.whole {
        return Err("it breaks off before its end".into());
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let notice = look.notices.first().map(ToString::to_string);
    Ok(Expanded {
        with: view.decided_by(),
        events: count(look.events),
        notices: count(look.notices.len()),
        notice,
        seen: look.seen,
    })
}

/// The same, with a notice about events that could not be had.
fn lacking(missing: usize, expanded: Expanded) -> Expanded {
    match feed::lacking(missing) {
        None => expanded,
        notice => Expanded { notices: expanded.notices.saturating_add(1), notice, ..expanded },
    }
}

/// How long before a meeting that has no mark its first rung is due.
pub(super) fn first_ring(config: &Config) -> Duration {
    ladder::reach(&config.ladder).saturating_sub(ladder::OPEN_AHEAD)
}

/// Meetings that start after this are far enough away for one more look before their first ring.
pub(super) fn looked_at_before_ring(config: &Config, now: Timestamp) -> Timestamp {
    now.plus(first_ring(config)).plus(refresh::BEFORE_RING_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_is_given_up_counts_as_a_failure_of_its_own_calendar() {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let again_s = |failures, refresh_s, ring_s: Option<u64>| {
            let next_ring = ring_s.map(|s| now.plus(Duration::from_secs(s)));
            let (every, failed) = (Duration::from_secs(refresh_s), failed_again(failures, None));
            refresh::next_look(now, every, failed, next_ring, "key").since(now) / 1000
        };
        for (failures, refresh, ring, (from, to)) in [
            (0, 300, None, (540, 660)),
            (2, 300, None, (2160, 2640)),
            (0, 86_400, None, (77_760, 95_040)),
            (9, 300, Some(1500), (660, 1140)),
        ] {
            let again = again_s(failures, refresh, ring);
            assert!((from..=to).contains(&again), "{failures} failures, every {refresh} s: again in {again} s");
        }
    }
}
