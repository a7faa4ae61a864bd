//! Calendars: read beside the calls, never before them.
//!
//! A worker fetches and expands a calendar. What it saw is written down here, with what others saw by then in one
//! transaction, when the due calls have been sent. So a slow server or a hostile calendar costs only a worker's time, and
//! delays no call. A look that takes too long is given up and counts as a failure. Ticks share the work: the one that
//! leases a calendar looks at it.
//!
//! A calendar file that is new in the config, or back in it, is read within milliseconds as a rule: due calls of its
//! person wait for that, [`NEW_FILES`] at most, so that what comes back with the person shares their call.

use super::calendar_look::{CalendarLook, CalendarSeen, DoneLook, failed, first_ring, looked_at_before_ring};
use super::context::Context;
use super::incidents;
use super::jobs::{Jobs, Lost};
use super::part::{OtherParts, Part, each};
use super::summary::MeetingSeen;
use crate::config::{CalendarPlace, CalendarSource, Config, Person};
use crate::model::{CalendarId, CalendarKind, RungKind, Target, Timestamp, printable};
use crate::store::{CalendarDraft, CallScope, Claim, DueCalendar, LookAt, MeetingChange, StoreError, calendar_fault};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a look may take besides its fetch: expanding a large calendar takes time.
const BESIDE_FETCH: Duration = Duration::from_secs(10);

/// How often due steps are read while the tick waits for calendars: a slow server delays no call.
const BESIDE_CALENDARS: Duration = Duration::from_secs(1);

/// A tick that has run for longer than this holds no call for a new calendar file.
const NEW_FILES: Duration = Duration::from_secs(1);

/// A call that would soon be too late waits for no file.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// A calendar is a fault after this many failures in a row; without any copy, after the first.
const FAULT_AFTER: u32 = 3;

/// The fault "calendars wait longer for a look than their copies are good".
const CALENDARS_BEHIND: &str = "calendars behind";

/// So many looks at most are written down in one transaction …
const SET: usize = 32;

/// … and no more once they saw so many meetings, …
const MEETINGS: usize = 128;

/// … or brought so many bytes.
const BYTES: usize = 1 << 20;

/// A look that ended waits for others for this long at most.
const TOGETHER: Duration = Duration::from_millis(10);

/// What came of a look.
type LookResult = Result<Result<Option<CalendarSeen>, StoreError>, Lost>;

/// Calendars of this tick: those that wait for a worker, and those that had theirs.
#[derive(Default)]
pub(super) struct Calendars {
    waiting: VecDeque<DueCalendar>,
    had_theirs: HashSet<CalendarId>,
    /// Nothing is due any more.
    done: bool,
    jobs: Jobs<Arc<CalendarLook>, Result<Option<CalendarSeen>, StoreError>>,
    /// Looks that ended and are not written down yet.
    ended: VecDeque<DoneLook>,
    /// When the first of them did.
    first_ended: Option<Instant>,
    /// No look is under way, and none could be started.
    idle: bool,
    /// New files that this tick has not read yet, and their people.
    new_files: HashMap<CalendarId, String>,
}

impl Part for Calendars {
    /// Where calendars rest, nobody waits for one.
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        if cx.world.feeds.rest() {
            self.new_files.clear();
        }
        Ok(())
    }

    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let started = self.start_looks(cx);
        self.idle = self.under_way() == 0;
        started
    }

    /// Is a new calendar file of the person about to be read? Its meetings may share the call.
    fn holds(&mut self, claim: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        target.kind == RungKind::Call
            && self.new_files.values().any(|person| *person == claim.person)
            && cx.time.elapsed() < NEW_FILES
            && cx.time.now().plus(LAST_MOMENT) < claim.deadline_at
    }

    /// Writes down a set of looks that have something to write: the calls that are due by then go out before the next one.
    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let looks = self.jobs.take(&mut cx.workers);
        let mut done = each(looks, |(look, result)| self.keep(cx, &look, result));
        while self.is_time_to_write(cx) {
            let set = self.next_set();
            done = done.and(written(cx, &set));
            if !cx.workers.given_up {
                break;
            }
        }
        done
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        let read = (self.under_way() > 0).then_some(BESIDE_CALENDARS);
        let write =
            self.first_ended.map(|at| if self.idle { Duration::ZERO } else { TOGETHER.saturating_sub(at.elapsed()) });
        let held =
            NEW_FILES.checked_sub(cx.time.elapsed()).filter(|left| !self.new_files.is_empty() && !left.is_zero());
        read.into_iter().chain(write).chain(held).min()
    }

    /// It is a fault when calendars wait for longer than a copy is good: there are too many, or they are too slow.
    fn end(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let limits = &cx.world.config.calendar;
        // Earlier ticks could not keep up, and said so.
        let were_behind = cx.faults.iter().any(|fault| fault == CALENDARS_BEHIND);
        if self.done && !were_behind {
            return Ok(());
        }
        let behind = cx.world.store.calendars_behind(cx.time.now().minus(limits.refresh))?;
        cx.fault(CALENDARS_BEHIND, behind > 0, || {
            format!(
                "{behind} calendars wait for a look longer than `refresh` ({}): raise `parallel` under [calendar], or refresh",
                humantime::format_duration(limits.refresh)
            )
        })
    }
}

impl Calendars {
    pub(super) fn new(new_files: Vec<(CalendarId, String)>) -> Self {
        Self { new_files: new_files.into_iter().collect(), ..Self::default() }
    }

    fn under_way(&self) -> usize {
        self.jobs.running().len()
    }

    /// Starts looks at due calendars, as many as may run at once. While a due call waits for a worker, no look begins.
    fn start_looks(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        if cx.due.wait_for_workers {
            return Ok(());
        }
        let limits = &cx.world.config.calendar;
        // Whatever the config says, a tick that has just begun has time for a look.
        let each = limits.timeout.saturating_add(BESIDE_FETCH).min(cx.time.limit / 4 * 3);
        while self.under_way() < limits.parallel && set_of(&self.ended) == self.ended.len() {
            // Leased calendars are looked at: no other tick would do it for a while. A file is not leased.
            let leased = self.waiting.front().is_some_and(|due| due.kind == CalendarKind::Web);
            if !leased && cx.time.left() < each {
                break;
            }
            let Some(due) = self.next(cx, each)? else { break };
            let id = due.id;
            match CalendarLook::new(cx.world, due).map(Arc::new) {
                Some(look) => self.jobs.start(&mut cx.workers, Arc::clone(&look), each, move || look.run()),
                None => _ = self.new_files.remove(&id),
            }
        }
        Ok(())
    }

    fn next(&mut self, cx: &Context<'_>, each: Duration) -> Result<Option<DueCalendar>, StoreError> {
        self.done |= cx.world.feeds.rest();
        if self.waiting.is_empty() && !self.done {
            let now = cx.time.now();
            let mut due = cx.world.store.due_calendars(&LookAt {
                now,
                // A lease outlives every look that holds it.
                lease: each.saturating_mul(2),
                // No more than can start now: a calendar that is leased and left is not looked at for a while.
                limit: cx.world.config.calendar.parallel.saturating_sub(self.under_way()),
                files: self.had_theirs.is_empty(),
                starts_after: looked_at_before_ring(&cx.world.config, now),
                first_ring: first_ring(&cx.world.config),
            })?;
            due.sort_by_key(|due| due.kind == CalendarKind::File);
            // A subscription may be due again already; it is leased, and nobody else will look at it.
            let its_turn = |due: &DueCalendar| self.had_theirs.insert(due.id) || due.kind == CalendarKind::Web;
            self.waiting.extend(due.into_iter().filter(its_turn));
            self.done = self.waiting.is_empty();
        }
        Ok(self.waiting.pop_front())
    }

    /// A look ended, or took too long: keeps what is to be written down of it.
    fn keep(&mut self, cx: &Context<'_>, look: &Arc<CalendarLook>, result: LookResult) -> Result<(), StoreError> {
        match ended(cx, look, result) {
            Ok(Some(done)) => {
                self.first_ended.get_or_insert_with(Instant::now);
                self.ended.push_back(done);
                return Ok(());
            }
            Ok(None) => {}
            Err(error @ StoreError::Statement { .. }) => {
                not_written(look, &error);
                return Ok(());
            }
            Err(other) => return Err(other),
        }
        self.new_files.remove(&look.due.id);
        // A file that cannot be read for the same reason as before is the same fault.
        if look.due.failures > 0 { Ok(()) } else { tell(cx, look, None) }
    }

    /// Is there a whole set? A smaller one is written when others do not end soon.
    fn is_time_to_write(&self, cx: &Context<'_>) -> bool {
        let Some(first) = self.first_ended else { return false };
        let alone = self.idle || cx.workers.given_up || cx.failed.is_some();
        alone || set_of(&self.ended) < self.ended.len() || self.ended.len() == SET || first.elapsed() >= TOGETHER
    }

    fn next_set(&mut self) -> Vec<DoneLook> {
        let set: Vec<DoneLook> = self.ended.drain(..set_of(&self.ended)).collect();
        self.first_ended = self.first_ended.filter(|_| !self.ended.is_empty());
        for done in &set {
            self.new_files.remove(&done.look.due.id);
        }
        set
    }
}

/// How many of these looks, the first ones, a transaction of a few dozen milliseconds can take.
fn set_of(looks: &VecDeque<DoneLook>) -> usize {
    let (mut meetings, mut bytes) = (0, 0);
    let fit = looks.iter().take(SET).take_while(|look| {
        let fits = meetings < MEETINGS && bytes < BYTES;
        meetings += look.meetings();
        bytes += look.bytes();
        fits
    });
    fit.count()
}

/// Brings the store's calendars in line with the config's. Returns the files that are new, with their people.
pub(super) fn sync(cx: &mut Context<'_>) -> Result<Vec<(CalendarId, String)>, StoreError> {
    let wanted = drafts(&cx.world.config);
    let synced = cx.world.store.sync_calendars(&wanted, &hashed(&wanted), cx.time.now())?;
    for name in &synced.removed {
        log::info!("the calendar {} left the config", printable(name));
    }
    for key in &synced.over {
        log::warn!("over: {key}");
    }
    meetings_changed(cx, synced.changed)?;
    Ok(synced.added_files)
}

/// What is to be written down of a look that ended, or took too long. `None`: nothing is worth it.
fn ended(cx: &Context<'_>, look: &Arc<CalendarLook>, result: LookResult) -> Result<Option<DoneLook>, StoreError> {
    let now = cx.time.now();
    Ok(Some(match result {
        Ok(Ok(None)) => return Ok(None),
        Ok(Ok(Some(seen))) => look.done(seen, look.now),
        Ok(Err(error)) => return Err(error),
        Err(Lost::Late(limit)) => {
            look.done(failed(format!("reading it took longer than {} s", limit.as_secs_f64())), now)
        }
        Err(Lost::TickOver) => look.done(failed("reading it did not end before the tick".to_owned()), now),
        Err(lost) => look.done(failed(lost.words("reading it")), now),
    }))
}

/// Writes looks down together; one after the other when that cannot be done.
fn written(cx: &mut Context<'_>, set: &[DoneLook]) -> Result<(), StoreError> {
    let recorded = match DoneLook::record(&*cx.world.store, set) {
        Err(error @ StoreError::Statement { .. }) if set.len() > 1 => {
            log::debug!("{error}; one calendar after the other");
            return each(set.chunks(1), |one| written(cx, one));
        }
        // One calendar that cannot be written down stops no other one.
        Err(error @ StoreError::Statement { .. }) => {
            not_written(&set[0].look, &error);
            return Ok(());
        }
        other => other?,
    };
    let mut changed = Vec::new();
    let told = each(set.iter().zip(recorded), |(done, recorded)| {
        let told = tell(cx, &done.look, done.failure(&recorded));
        changed.extend(recorded.changed);
        told
    });
    let hang_ups = changed.iter().filter_map(|change| change.ended.as_ref()).filter(|ended| ended.hang_ups > 0);
    let followed = each(hang_ups, |ended| cx.follow(CallScope::HangUpsOf(ended.incident)));
    told.and(followed).and(meetings_changed(cx, changed))
}

fn not_written(look: &CalendarLook, error: &StoreError) {
    log::error!("the calendar {} cannot be written down: {error}", look.name());
}

/// Keeps the fault "this calendar cannot be read" up to date.
fn tell(cx: &Context<'_>, look: &CalendarLook, failure: Option<&str>) -> Result<(), StoreError> {
    let (due, now) = (&look.due, cx.time.now());
    if failure.is_none() && due.failures == 0 && !cx.faults.contains(&calendar_fault(due.id)) {
        return Ok(());
    }
    let failure = failure.filter(|_| due.good_at.is_none() || due.failures.saturating_add(1) >= FAULT_AFTER);
    cx.fault(&calendar_fault(due.id), failure.is_some(), || {
        let copy = age_words(due.good_at, now);
        format!("the calendar {} cannot be read: {}; {copy}", look.name(), failure.unwrap_or_default())
    })
}

fn meetings_changed(cx: &mut Context<'_>, changed: Vec<MeetingChange>) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    for change in &changed {
        log::debug!("meeting {} of {}: {:?}", change.meeting.id, change.meeting.person, change.how);
    }
    cx.summary.meetings.extend(changed.into_iter().map(MeetingSeen::from));
    // A new or moved meeting may be in reach already, and its first call due.
    cx.due.changed();
    incidents::open_new(cx)
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
                CalendarPlace::Web(_) | CalendarPlace::CalDav(_) => CalendarKind::Web,
            },
        };
        person.calendars.iter().map(each).collect()
    };
    config.people.iter().flat_map(of).collect()
}

/// Tells one value from another, and is no secret. A newer Rust may give another text, which costs one more look.
pub(super) fn hashed(value: &impl Hash) -> String {
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
