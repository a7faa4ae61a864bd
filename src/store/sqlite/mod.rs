//! The SQLite store, and why it is set up the way it is.
//!
//! **Durability.** `journal_mode=WAL` with `synchronous=FULL`: a commit is on the disk before anything leaves this
//! machine. Every other usual setting loses the claim after a power cut *behind* the call (WAL with NORMAL, and even
//! SQLite's own default of DELETE with FULL, whose journal unlink may be lost).
//!
//! The rows of ticks are the exception: nothing leaves on their strength, so that they are written without waiting for the
//! disk (`write_lazily`). A tick that wrote nothing else leaves them in the log, and one in about ten takes it over into the
//! file (`leave_short_log`); whatever else was written is in the file itself when its process ends.
//!
//! **Locking.** Every writing transaction is `BEGIN IMMEDIATE`: a read that becomes a write would fail at once with
//! `SQLITE_BUSY_SNAPSHOT`, whatever the busy time-out says. Transactions are short, never held across a request. Inside a
//! process one connection stands behind a mutex.
//!
//! **Compatibility.** `application_id` names the program, `user_version` the schema (`migrations`). A database of
//! another program or of a newer savehub is refused and left as it is.
//!
//! **Performance.** A tick's cost does not grow with history: what it looks for stands in partial indexes (pending
//! steps, open attempts, live calls, unwatched meetings) that hold present work only. Due-first order matters: with the
//! deadline first, SQLite would walk through all future steps.
//!
//! **Calendars.** The last good copy of each stands compressed in a table of its own, so that the rows every tick reads stay
//! short. Fetching, expanding and compressing happen before the transaction of a look; in it, the look is counted
//! (compare-and-set), the rule is asked, and its changes are written. An unchanged file costs no write, an unchanged
//! subscription one row. A rehearsal copies the bodies too: 20 MB of them take it about 30 ms.
//!
//! **Filesystems.** WAL needs shared memory and a writable directory: it cannot work on a network file system, and it
//! cannot even be opened on a read-only one. Both show when a tick writes its own row, not when a call is due.

mod agenda;
mod attempts;
mod backup;
mod calendars;
mod calls;
mod check;
mod claims;
mod forget;
mod gauges;
mod health;
mod heard;
mod history;
mod incidents;
mod meetings;
mod migrations;
mod open;
mod pace;
mod pauses;
#[cfg(test)]
mod query_plans;
mod reads;
mod reconcile;
mod record;
#[cfg(feature = "postgres")]
mod rows;
mod tally;
mod ticks;
mod transact;
mod values;

use super::{
    Acknowledgement, AfterRule, AgendaRecorded, AgendaRule, Attempt, AttemptDraft, Begun, CalendarDraft,
    CalendarsSynced, CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended,
    FaultNews, FenceFacts, Finding, Forgotten, Gauges, GuardRule, HearRule, Heeded, LiveCall, LookAt, LookDone,
    LookOutcome, Meeting, NewMeeting, NewPause, NextLook, Opened, PauseView, PlanRule, QueueRule, Queued,
    ReconcileRules, Recorded, Refusal, Reported, Result, SettleRule, Snapshot, StepResult, Store, StoreError, Tally,
    TallyScope, TickBegun, TickEnd, TickSeen, TickStart, TurnedAway, packed,
};
use super::{Ahead, History};
use crate::model::{
    AttemptId, CalendarId, CallReport, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply, Seen, TickId,
    Timestamp, Waiting,
};
pub use backup::Replace;
pub use health::{DatabaseOwner, Health, Integrity};

pub use open::Create;
use rusqlite::{Connection, TransactionBehavior};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A use case slower than this is worth a debug line.
const SLOW: Duration = Duration::from_millis(500);

/// savehub's state in one SQLite file (or in memory).
pub struct SqliteStore {
    connection: Mutex<Connection>,
    /// The file, for [`Self::reader`]; `None` in memory.
    path: Option<PathBuf>,
    /// A second connection for the fence alone, opened with the first attempt: a reader of a WAL never waits for a writer,
    /// so no other process's lock and no commit of ours stands between the last look and the bytes.
    reader: OnceLock<Option<Mutex<Connection>>>,
    /// Was anything written but the rows of ticks?
    wrote: AtomicBool,
    /// For messages: the file, or `:memory:`.
    name: String,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What can go wrong inside a transaction: SQLite itself, or an answer for the caller.
enum Fail {
    Sql(rusqlite::Error),
    Answer(StoreError),
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

type Inner<T> = std::result::Result<T, Fail>;

/// The rows that can be read. A row of a newer savehub, or one changed by hand, must not stop the others.
fn readable<T>(rows: impl Iterator<Item = rusqlite::Result<T>>, what: &str) -> Inner<Vec<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let mut values = Vec::new();
    for row in rows {
        match row {
            Ok(value) => values.push(value),
            Err(error @ (FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))) => {
                log::error!("{what} cannot be read and is left alone: {error}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(values)
}

impl Store for SqliteStore {
    fn add_meeting(&self, new: &NewMeeting, now: Timestamp) -> Result<Meeting> {
        self.write("add a meeting", |tx| meetings::add(tx, new, now))
    }

    fn move_meeting(
        &self,
        id: MeetingId,
        starts_at: Timestamp,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Changed> {
        self.write("move a meeting", |tx| meetings::reschedule(tx, id, starts_at, ends_at, now))
    }

    fn cancel_meeting(&self, id: MeetingId, now: Timestamp) -> Result<Changed> {
        self.write("cancel a meeting", |tx| meetings::cancel(tx, id, now))
    }

    fn meetings(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Meeting>> {
        self.read("list meetings", |tx| meetings::between(tx, since, until))
    }

    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>> {
        self.read("read a meeting", |tx| meetings::get(tx, id))
    }

    fn sync_calendars(&self, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Result<CalendarsSynced> {
        if self.read("look for a new list of calendars", |tx| calendars::is_synced(tx, fingerprint))? {
            return Ok(CalendarsSynced::default());
        }
        self.write("take over the list of calendars", |tx| calendars::sync(tx, wanted, fingerprint, now))
    }

    fn due_calendars(&self, asked: &LookAt) -> Result<Vec<DueCalendar>> {
        let (mut due, more) = self.read("look for calendars to read", |tx| {
            let files = if asked.files { calendars::files(tx, asked.starts_after)? } else { Vec::new() };
            Ok((files, calendars::anything_due(tx, asked.now, asked.lease)?))
        })?;
        if more {
            // A power cut ends every look that a lease is for.
            due.extend(self.write_lazily("lease calendars", |tx| calendars::lease(tx, asked))?);
        }
        Ok(due)
    }

    fn calendars_behind(&self, then: Timestamp) -> Result<u64> {
        self.read("count overdue calendars", |tx| calendars::behind(tx, then))
    }

    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>> {
        let packed = self.read("read a calendar's copy", |tx| calendars::body(tx, id))?;
        Ok(packed.and_then(|packed| packed::decompress(&packed, longest)))
    }

    fn record_look(
        &self,
        id: CalendarId,
        look: &LookDone,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        let packed = packed::compress(&look.outcome);
        let record = |tx: &rusqlite::Transaction<'_>| calendars::record(tx, id, look, &packed, now, rule);
        let what = "record a look at a calendar";
        // A look that brought nothing is done again, should a power cut lose it.
        let brought = look.expanded.is_some() || matches!(look.outcome, LookOutcome::New { .. });
        if brought { self.write(what, record) } else { self.write_lazily(what, record) }
    }

    fn import_agenda(
        &self,
        person: &str,
        source: &str,
        seen: &Seen,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        self.write("import meetings", |tx| agenda::import(tx, person, source, seen, now, rule))
    }

    fn begin_tick(&self, start: &TickStart) -> Result<TickBegun> {
        self.write_lazily("begin a tick", |tx| ticks::begin(tx, start))
    }

    fn settle(&self, now: Timestamp, rule: SettleRule<'_>) -> Result<Vec<StepResult>> {
        // Nearly every tick finds nothing to settle; a read is cheaper than a commit.
        if !self.read("look for open attempts", |tx| attempts::anything_to_settle(tx, now))? {
            return Ok(Vec::new());
        }
        self.write("settle open attempts", |tx| attempts::settle(tx, now, rule))
    }

    fn open_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened> {
        if !self.read("look for meetings in reach", |tx| incidents::anything_to_open(tx, until, rule))? {
            return Ok(Opened::default());
        }
        self.write("open incidents", |tx| incidents::open(tx, now, until, rule))
    }

    fn due_steps(&self, now: Timestamp, limit: usize) -> Result<Vec<Claim>> {
        self.read("read due steps", |tx| claims::due(tx, now, limit))
    }

    fn begin_attempt(
        &self,
        claim: Claim,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        rule: GuardRule<'_>,
    ) -> Result<Begun> {
        let begun = self.write("write down an attempt", |tx| claims::begin(tx, &claim, draft, now, rule))?;
        Ok(begun.not_spent(claim))
    }

    fn turn_away(
        &self,
        queue: &[Queued<'_>],
        now: Timestamp,
        guards: QueueRule<'_>,
        hopeless: CapacityRule<'_>,
    ) -> Result<TurnedAway> {
        self.write("turn calls away", |tx| pace::turn_away(tx, queue, now, guards, hopeless))
    }

    fn refuse(&self, claim: Claim, refusal: &Refusal, now: Timestamp) -> Result<Option<StepResult>> {
        self.write("refuse a step", |tx| claims::refuse(tx, claim.step, refusal, now))
    }

    fn begin_test_call(&self, draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Result<Begun> {
        self.write("write down a test call", |tx| claims::begin_test_call(tx, draft, now, rule))
    }

    fn fence(&self, attempt: AttemptId) -> Result<FenceFacts> {
        let what = "read the fence";
        match self.reader() {
            Some(reader) => self.on(reader, what, TransactionBehavior::Deferred, |tx| attempts::fence(tx, attempt)),
            None => self.read(what, |tx| attempts::fence(tx, attempt)),
        }
    }

    fn record(&self, attempt: Attempt, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.record_late(attempt.id, reply, now, rule)
    }

    fn record_late(&self, attempt: AttemptId, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.write("record an attempt", |tx| record::record(tx, attempt, reply, now, rule))
    }

    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>> {
        self.read("read doubtful attempts", |tx| reconcile::doubtful(tx, watched_since))
    }

    fn reconcile(
        &self,
        attempt: AttemptId,
        list: &[ListedCall],
        now: Timestamp,
        rules: &ReconcileRules<'_>,
    ) -> Result<Recorded> {
        self.write("reconcile an attempt", |tx| reconcile::reconcile(tx, attempt, list, now, rules))
    }

    fn adopt(
        &self,
        claim: &Claim,
        draft: &AttemptDraft<'_>,
        list: &[ListedCall],
        now: Timestamp,
        find: &dyn Fn(&[ListedCall]) -> Finding,
    ) -> Result<Vec<StepResult>> {
        self.write("adopt a call", |tx| reconcile::adopt(tx, claim, draft, list, now, find))
    }

    fn live_calls(&self, scope: CallScope, now: Timestamp) -> Result<Vec<LiveCall>> {
        self.read("read live calls", |tx| calls::live(tx, scope, now))
    }

    fn record_report(
        &self,
        attempt: AttemptId,
        report: &CallReport,
        next: NextLook,
        answered_at: Option<Timestamp>,
    ) -> Result<Reported> {
        self.write("record a call's status", |tx| {
            let news = calls::report(tx, attempt, report, next)?;
            let acknowledged = match answered_at {
                Some(at) => incidents::answered(tx, attempt, at)?,
                None => Vec::new(),
            };
            Ok(Reported { news, acknowledged })
        })
    }

    fn record_hang_up(&self, attempt: AttemptId, to: HangUpState) -> Result<bool> {
        self.write("record a hang-up", |tx| calls::hang_up(tx, attempt, to))
    }

    fn look_later(&self, attempt: AttemptId, next_look: Timestamp) -> Result<()> {
        self.write("put off a look", |tx| calls::look_later(tx, attempt, next_look))
    }

    fn close(&self, now: Timestamp, rule: &CloseRule) -> Result<Closed> {
        if !self.read("look for work to close", |tx| ticks::anything_to_close(tx, now, rule))? {
            return Ok(Closed::default());
        }
        self.write("close incidents", |tx| ticks::close(tx, now, rule))
    }

    fn end_tick(&self, id: TickId, end: &TickEnd) -> Result<()> {
        self.write_lazily("end a tick", |tx| ticks::end(tx, id, end))?;
        self.leave_short_log();
        Ok(())
    }

    fn fault_seen(&self, key: &str, now: Timestamp) -> Result<FaultNews> {
        self.write("record a fault", |tx| ticks::fault_seen(tx, key, now))
    }

    fn fault_gone(&self, key: &str) -> Result<bool> {
        if !self.read("look for a fault", |tx| ticks::has_fault(tx, key))? {
            return Ok(false);
        }
        self.write("clear a fault", |tx| ticks::fault_gone(tx, key))
    }

    fn waiting(&self) -> Result<Vec<Waiting>> {
        self.read("look for open incidents", heard::waiting)
    }

    fn hear(&self, heard: &Heard, now: Timestamp, rule: HearRule<'_>) -> Result<Option<Heeded>> {
        // What is listened to lists old things as well as new ones.
        if self.read("look for what was heard", |tx| heard::is_known(tx, &heard.sid))? {
            return Ok(None);
        }
        self.write("use what was heard", |tx| heard::hear(tx, heard, now, rule))
    }

    fn check_in(&self, meeting: MeetingId, how: CheckIn, now: Timestamp) -> Result<Ended> {
        self.write("check in", |tx| incidents::check_in(tx, meeting, how, now))
    }

    fn acknowledge(&self, incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> Result<bool> {
        self.write("acknowledge an incident", |tx| incidents::acknowledge(tx, incident, how, now))
    }

    fn present(&self, incident: IncidentId, now: Timestamp) -> Result<Ended> {
        self.write("note that a person is there", |tx| incidents::present(tx, incident, now))
    }

    fn resolve(&self, incident: IncidentId, note: Option<&str>, now: Timestamp) -> Result<Ended> {
        self.write("resolve an incident", |tx| incidents::resolve(tx, incident, note, now))
    }

    fn pause(&self, new: &NewPause, now: Timestamp) -> Result<PauseView> {
        self.write("begin a pause", |tx| pauses::begin(tx, new, now))
    }

    fn resume(&self, person: Option<&str>, now: Timestamp) -> Result<Vec<PauseView>> {
        self.write("end a pause", |tx| pauses::end(tx, person, now))
    }

    fn pauses(&self, now: Timestamp) -> Result<Vec<PauseView>> {
        self.read("read the pauses", |tx| pauses::live(tx, now))
    }

    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>> {
        self.read("read the last ticks", |tx| reads::ticks(tx, since, limit))
    }

    fn forget(&self, until: Timestamp, limit: u32) -> Result<Forgotten> {
        self.write("delete what is old", |tx| forget::batch(tx, until, limit.into()))
    }

    fn forgettable(&self, until: Timestamp) -> Result<Forgotten> {
        self.read("count what is old", |tx| forget::count(tx, until))
    }

    fn gauges(&self, now: Timestamp) -> Result<Gauges> {
        self.read("count", |tx| gauges::gauges(tx, now))
    }

    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot> {
        self.read("read the state", |tx| reads::snapshot(tx, now, since, until))
    }

    fn tally(&self, asked: &TallyScope) -> Result<Tally> {
        self.read("count for the report", |tx| tally::tally(tx, asked))
    }

    fn history(&self, meeting: MeetingId) -> Result<Option<History>> {
        self.read("read a meeting's history", |tx| history::of(tx, meeting))
    }

    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>> {
        self.read("look for an incident", |tx| history::meeting_of(tx, incident))
    }

    fn ahead(&self, started_since: Timestamp) -> Result<Ahead> {
        self.read("look ahead", |tx| history::ahead(tx, started_since))
    }

    fn rehearsal(&self) -> Result<Box<dyn Store>> {
        Ok(Box::new(self.copy_to_memory()?))
    }
}
