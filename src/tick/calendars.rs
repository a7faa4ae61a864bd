//! Calendars: looked at beside the calls, never before them.
//!
//! A look is a fetch, an expansion and one transaction, all in a worker thread: a slow server, a large calendar or a
//! hostile one costs that thread its time and no call its own. A look that takes too long is given up; should it end
//! after all, the store takes it only if no later look was written down before. Ticks share the work: who leases a
//! calendar looks at it.
//!
//! The copy is expanded when it is new, when what it was expanded with has changed (the policy, the zones), once an
//! hour, since the time that is looked at moves on, and when something seems to be missing. Otherwise a look costs one
//! question and one small write, and that of an unchanged file nothing at all. The last good copy stays in force while
//! no newer one can be had, and is expanded all the same.

use super::{MeetingSeen, Run, World};
use crate::calendar::{self, Limits, View};
use crate::config::{CalendarPlace, CalendarSource, Config, Person};
use crate::feed::{Feed, Fetched};
use crate::model::{CalendarId, CalendarKind, KnownMeeting, Seen, Timestamp, Validators, printable};
use crate::rules::refresh::{self, Looked};
use crate::rules::{agenda, ladder};
use crate::store::{
    CalendarDraft, CallScope, DueCalendar, Expanded, LookAt, LookDone, LookOutcome, MeetingChange, StoreError,
    calendar_fault,
};
use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// How far ahead meetings are planned: a day, and time for an outage of the scheduler.
const AHEAD: Duration = Duration::from_secs(26 * 3600);

/// The copy is expanded again after this long.
const EXPAND_EVERY: Duration = Duration::from_secs(3600);

/// What a look may take beside its fetch: a large calendar is expanded, a slow disk written.
const BESIDE_FETCH: Duration = Duration::from_secs(10);

/// A calendar that failed so often in a row is a fault, and at once when there is no copy at all.
const FAULT_AFTER: u32 = 3;

/// The fault "calendars wait longer for a look than their copies are good".
const CALENDARS_BEHIND: &str = "calendars behind";

/// Which calendar a look is about, as far as the tick speaks of it.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Row.
    pub(super) id: CalendarId,
    /// `work of ana`.
    name: String,
    /// Failures in a row before this look.
    failures: u32,
    /// Which look it is.
    looks: i64,
    /// When its copy was last known to be good.
    good_at: Option<Timestamp>,
    /// In the config.
    key: String,
    /// How long a copy is good.
    refresh: Duration,
    /// The next first ring that a look can come before.
    next_ring: Option<Timestamp>,
}

impl Subject {
    /// When it is looked at again after a look that was given up.
    fn after_failure(&self, now: Timestamp) -> Timestamp {
        let failed = Looked::Failed { times: self.failures.saturating_add(1), retry_after: None };
        refresh::next_look(now, self.refresh, failed, self.next_ring, &self.key)
    }
}

/// One look: everything a worker thread needs.
pub(super) struct CalendarJob {
    world: World,
    due: DueCalendar,
    /// Name of the calendar.
    name: String,
    /// How long a copy is good.
    refresh: Duration,
    feed: Arc<dyn Feed>,
    /// When it was started.
    now: Timestamp,
}

/// What a look did.
#[derive(Debug, Default)]
pub(super) struct CalendarNews {
    /// Why there is no new copy, if that is so.
    failure: Option<String>,
    /// Nobody has written that down.
    unwritten: bool,
    /// The meetings that changed.
    changed: Vec<MeetingChange>,
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

/// Calendars of this tick: those that wait for a worker, and those that had theirs.
#[derive(Debug, Default)]
pub(super) struct Calendars {
    waiting: VecDeque<DueCalendar>,
    had_theirs: HashSet<CalendarId>,
    /// Nothing is due any more.
    done: bool,
    /// Earlier ticks could not keep up, and said so.
    were_behind: bool,
}

impl Calendars {
    /// With what lasts of earlier ticks.
    pub(super) fn begun(&mut self, faults: &[String]) {
        self.were_behind = faults.iter().any(|fault| fault == CALENDARS_BEHIND);
    }
}

impl CalendarNews {
    /// There is no new copy.
    pub(super) fn failed(why: &str) -> Self {
        Self { failure: Some(why.to_owned()), unwritten: true, changed: Vec::new() }
    }
}

impl Run<'_> {
    /// Holds the config's calendars against the store's.
    pub(super) fn sync_calendars(&mut self) -> Result<(), StoreError> {
        let wanted = drafts(&self.world.config);
        let synced = self.world.store.sync_calendars(&wanted, &hashed(&wanted), self.world.clock.now())?;
        for name in &synced.removed {
            log::info!("the calendar {} left the config", printable(name));
        }
        for key in &synced.over {
            log::warn!("over: {key}");
        }
        self.meetings_changed(synced.changed)
    }

    /// Starts looks at the calendars that are due, as many as may run at once. For when the due calls are on their way:
    /// while one waits for a worker, no look begins.
    pub(super) fn look_at_calendars(&mut self) -> Result<(), StoreError> {
        if !self.due.is_empty() && !self.jobs.has_room() {
            return Ok(());
        }
        let limits = &self.world.config.calendar;
        // Whatever the times are, a tick that has just begun has room for a look.
        let each = limits.timeout.saturating_add(BESIDE_FETCH).min(self.limit() / 4 * 3);
        while self.jobs.calendars() < limits.parallel && self.limit().saturating_sub(self.elapsed()) >= each {
            let Some(due) = self.next_calendar(each)? else { break };
            if let Some(job) = CalendarJob::new(self.world, due) {
                self.jobs.look_at_calendar(job.subject(), move || job.run(), each);
            }
        }
        Ok(())
    }

    /// Calendars that wait for longer than a copy is good are told of: there are too many of them, or they are too slow.
    pub(super) fn tell_calendars_behind(&self) -> Result<(), StoreError> {
        let limits = &self.world.config.calendar;
        if self.calendars.done && !self.calendars.were_behind {
            return Ok(());
        }
        let behind = self.world.store.calendars_behind(self.world.clock.now().minus(limits.refresh))?;
        self.fault(CALENDARS_BEHIND, behind > 0, || {
            format!(
                "{behind} calendars wait for a look longer than `refresh` ({}): raise `parallel` under [calendar], or refresh",
                humantime::format_duration(limits.refresh)
            )
        })
    }

    fn next_calendar(&mut self, each: Duration) -> Result<Option<DueCalendar>, StoreError> {
        let room = self.world.config.calendar.parallel.saturating_sub(self.jobs.calendars());
        let Calendars { waiting, had_theirs, done, .. } = &mut self.calendars;
        if waiting.is_empty() && !*done {
            // A lease outlives every look that holds it.
            let now = self.world.clock.now();
            let mut due = self.world.store.due_calendars(&LookAt {
                now,
                lease: each.saturating_mul(2),
                // No more than are looked at right now: what a tick leases and leaves, nobody looks at for a while.
                limit: room,
                files: had_theirs.is_empty(),
                starts_after: looked_at_before_ring(&self.world.config, now),
            })?;
            due.sort_by_key(|due| due.kind == CalendarKind::File);
            // A subscription may be due again already; it is leased, and nobody else will look at it.
            let its_turn = |due: &DueCalendar| had_theirs.insert(due.id) || due.kind == CalendarKind::Web;
            waiting.extend(due.into_iter().filter(its_turn));
            *done = waiting.is_empty();
        }
        Ok(waiting.pop_front())
    }

    /// A look ended, or took too long.
    pub(super) fn calendar_looked(
        &mut self,
        subject: &Subject,
        news: Result<CalendarNews, StoreError>,
    ) -> Result<(), StoreError> {
        let mut news = match news {
            // One calendar that cannot be written down stops no other one.
            Err(error @ StoreError::Statement { .. }) => {
                log::error!("the calendar {} cannot be written down: {error}", subject.name);
                return Ok(());
            }
            other => other?,
        };
        if news.unwritten {
            news.failure = self.look_failed(subject, news.failure)?;
        }
        let failure =
            news.failure.filter(|_| subject.good_at.is_none() || subject.failures.saturating_add(1) >= FAULT_AFTER);
        self.fault(&calendar_fault(subject.id), failure.is_some(), || {
            let copy = age_words(subject.good_at, self.world.clock.now());
            format!("the calendar {} cannot be read: {}; {copy}", subject.name, failure.as_deref().unwrap_or_default())
        })?;
        for ended in news.changed.iter().filter_map(|change| change.ended.as_ref()).filter(|ended| ended.hang_ups > 0) {
            self.follow(CallScope::HangUpsOf(ended.incident))?;
        }
        self.meetings_changed(news.changed)
    }

    /// Writes down why a look was given up; `None` when that does not count (any more).
    fn look_failed(&self, subject: &Subject, why: Option<String>) -> Result<Option<String>, StoreError> {
        let now = self.world.clock.now();
        let next = subject.after_failure(now);
        let look = LookDone {
            looks: subject.looks,
            outcome: LookOutcome::Failed { why: why.clone().unwrap_or_default() },
            full: false,
            expanded: None,
            next_look_at: next,
            second_look_at: next,
        };
        let recorded = self.world.store.record_look(subject.id, &look, now, &|_, _| Vec::new())?;
        Ok(why.filter(|_| recorded.counted))
    }

    fn meetings_changed(&mut self, changed: Vec<MeetingChange>) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        for change in &changed {
            log::debug!("meeting {} of {}: {:?}", change.meeting.id, change.meeting.person, change.how);
        }
        self.summary.meetings.extend(changed.into_iter().map(MeetingSeen::from));
        // What is new or was moved may be in reach already, and its first call due.
        self.due.clear();
        self.open()
    }
}

impl CalendarJob {
    /// `None`: the config this process read does not have it (another one is about to notice).
    fn new(world: &World, due: DueCalendar) -> Option<Self> {
        let source = source(&world.config, &due)?;
        let refresh = source.refresh.unwrap_or(world.config.calendar.refresh);
        let (name, feed, now) = (source.name.clone(), world.feeds.feed(&due.key)?, world.clock.now());
        Some(Self { world: world.clone(), due, name, refresh, feed, now })
    }

    fn subject(&self) -> Subject {
        Subject {
            id: self.due.id,
            name: printable(&format!("{} of {}", self.name, self.due.person)),
            failures: self.due.failures,
            looks: self.due.looks,
            good_at: self.due.good_at,
            key: self.due.key.clone(),
            refresh: self.refresh,
            next_ring: self.next_ring(None),
        }
    }

    /// The whole look. Errors are those of the store.
    fn run(self) -> Result<CalendarNews, StoreError> {
        // A person who left the config: the next tick removes the calendar.
        let Some(view) = self.view() else { return Ok(CalendarNews::default()) };
        let copy = if self.must_expand(&view) { self.copy()? } else { Copy::NotNeeded };
        let full = matches!(copy, Copy::Missing) || refresh::is_whole_due(self.due.full_at, self.now);
        let last = if let Copy::Missing = copy { &Validators::default() } else { &self.due.validators };
        let (outcome, retry_after, mut expanded) = match self.feed.fetch(last, full) {
            Fetched::Unchanged(validators) => (LookOutcome::Unchanged(validators), None, None),
            Fetched::New { body, validators } => match expand(&body, &view) {
                Ok(meetings) => (LookOutcome::New { body, validators }, None, Some(meetings)),
                Err(why) => (LookOutcome::Failed { why }, None, None),
            },
            Fetched::Failed(failed) => (LookOutcome::Failed { why: failed.why }, failed.retry_after, None),
        };
        if let (None, Copy::Body(body)) = (&expanded, &copy) {
            expanded = expand(body, &view).ok();
        }
        if expanded.is_none() && self.is_as_it_was(&outcome) {
            return Ok(CalendarNews::default());
        }
        self.record(outcome, retry_after, full, expanded)
    }

    /// The copy that is there must be read (again), should no newer one come.
    fn must_expand(&self, view: &View<'_>) -> bool {
        !self.due.has_body
            || self.due.has_missing
            || !self.is_within(EXPAND_EVERY, self.due.expanded_at)
            || self.due.expanded_with.as_deref() != Some(view.decided_by().as_str())
    }

    fn copy(&self) -> Result<Copy, StoreError> {
        let body = self.world.store.calendar_body(self.due.id, self.world.config.calendar.max_bytes)?;
        Ok(body.map_or(Copy::Missing, Copy::Body))
    }

    fn record(
        &self,
        outcome: LookOutcome,
        retry_after: Option<Duration>,
        full: bool,
        expanded: Option<Expanded>,
    ) -> Result<CalendarNews, StoreError> {
        let failure = match &outcome {
            LookOutcome::Failed { why } => Some(why.clone()),
            _ => None,
        };
        // A server that fails is not asked sooner for what may have vanished.
        let [looked, second] = match failure {
            Some(_) => [Looked::Failed { times: self.due.failures.saturating_add(1), retry_after }; 2],
            None => [false, true].map(|vanished| Looked::Good { vanished }),
        };
        let ring = self.next_ring(expanded.as_ref());
        let look = LookDone {
            looks: self.due.looks,
            outcome,
            full,
            expanded,
            next_look_at: self.next_look(looked, ring),
            second_look_at: self.next_look(second, ring),
        };
        // An old copy proves nothing about what is gone.
        let (now, confirmed) = (self.now, failure.is_none());
        let rule = |known: &[KnownMeeting], seen: &Seen| agenda::changes(known, &agenda::Look { seen, confirmed, now });
        let recorded = self.world.store.record_look(self.due.id, &look, now, &rule)?;
        let failure = failure.filter(|_| recorded.counted);
        Ok(CalendarNews { failure, unwritten: false, changed: recorded.changed })
    }

    /// `None`: the person is not in the config of this process.
    fn view(&self) -> Option<View<'_>> {
        let person = self.world.config.person(&self.due.person)?;
        let (zone, policy) = (&person.zone, &person.policy);
        Some(View { from: self.now, until: self.now.plus(AHEAD), zone, policy, limits: Limits::default() })
    }

    /// Nothing worth a write: an unchanged file, or one that cannot be read for the same reason as before, as long as it
    /// was written down within the time a copy is good.
    fn is_as_it_was(&self, outcome: &LookOutcome) -> bool {
        let recent = |at: Option<Timestamp>| self.is_within(self.refresh, at);
        self.due.kind == CalendarKind::File
            && match outcome {
                LookOutcome::Unchanged(told) => {
                    *told == self.due.validators && self.due.failures == 0 && recent(self.due.good_at)
                }
                LookOutcome::Failed { why } => self.due.failure.as_ref() == Some(why) && recent(self.due.checked_at),
                LookOutcome::New { .. } => false,
            }
    }

    /// Was that so short a time ago? A time that lies ahead comes from a wrong clock and does not count.
    fn is_within(&self, time: Duration, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| at <= self.now && self.now < at.plus(time))
    }

    /// The next first ring that a look can come before: of a meeting that was known, or that was seen just now.
    fn next_ring(&self, expanded: Option<&Expanded>) -> Option<Timestamp> {
        let after = looked_at_before_ring(&self.world.config, self.now);
        let seen = expanded.into_iter().flat_map(|expanded| &expanded.seen.meetings).map(|meeting| meeting.starts_at);
        let next = seen.filter(|start| *start > after).chain(self.due.next_start).min()?;
        Some(next.minus(first_ring(&self.world.config)))
    }

    fn next_look(&self, looked: Looked, ring: Option<Timestamp>) -> Timestamp {
        refresh::next_look(self.now, self.refresh, looked, ring, &self.due.key)
    }
}

/// The meetings of a calendar; or why it is none, in plain words.
fn expand(body: &[u8], view: &View<'_>) -> Result<Expanded, String> {
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

/// How long before a meeting its first rung is due.
fn first_ring(config: &Config) -> Duration {
    ladder::reach(&config.ladder).saturating_sub(ladder::OPEN_AHEAD)
}

/// Meetings that start after this are far enough away for one more look before their first ring.
fn looked_at_before_ring(config: &Config, now: Timestamp) -> Timestamp {
    now.plus(first_ring(config)).plus(refresh::BEFORE_RING_MOST)
}

/// The config's calendars as the store keeps them.
fn drafts(config: &Config) -> Vec<CalendarDraft> {
    let of = |person: &Person| -> Vec<CalendarDraft> {
        let each = |source: &CalendarSource| CalendarDraft {
            key: source.key.clone(),
            person: person.id.clone(),
            name: source.name.clone(),
            kind: match source.place {
                CalendarPlace::File(_) => CalendarKind::File,
                CalendarPlace::Web(_) => CalendarKind::Web,
            },
        };
        person.calendars.iter().map(each).collect()
    };
    config.people.iter().flat_map(of).collect()
}

fn source<'c>(config: &'c Config, due: &DueCalendar) -> Option<&'c CalendarSource> {
    config.person(&due.person)?.calendars.iter().find(|source| source.key == due.key)
}

/// Tells one value from another, and is no secret. A newer Rust may give another text, which costs one more look.
fn hashed(value: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// How old the copy is, in words.
fn age_words(good_at: Option<Timestamp>, now: Timestamp) -> String {
    match good_at {
        None => "there is no copy of it, so its meetings are not known".into(),
        Some(at) => {
            let age = Duration::from_secs(u64::try_from(now.since(at) / 1000).unwrap_or(0));
            format!("its copy of {} ago stays in force", humantime::format_duration(age))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_is_given_up_counts_as_a_failure_of_its_own_calendar() {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let again_s = |failures, refresh_s, ring_s: Option<u64>| {
            let next_ring = ring_s.map(|s| now.plus(Duration::from_secs(s)));
            let (id, name, key) = (CalendarId(1), "work".to_owned(), "key".to_owned());
            let refresh = Duration::from_secs(refresh_s);
            let subject = Subject { id, name, failures, looks: 0, good_at: None, key, refresh, next_ring };
            subject.after_failure(now).since(now) / 1000
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
