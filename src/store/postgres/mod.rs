//! The PostgreSQL store: one database for any number of hosts.
//!
//! **Isolation.** Every writing transaction is SERIALIZABLE: what the server lets through went as if one transaction had run
//! after the other, which is what the SQLite store does and what the protocol was proved with. READ COMMITTED would need
//! a lock for each fact a guard counts (calls of a meeting, of a person, of a day), and one that was forgotten would be a
//! duplicate. The price is that the server may end a transaction (40001, 40P01) which must then run again. So that this
//! ends, all writers hold the empty table `savehub_turn`: at the first run in a mode that lets the others in, at the next
//! alone. Rules are pure, so running them again does no harm. A claim locks its step with SKIP LOCKED: of two hosts at one
//! step the second goes on with another one instead of waiting. Sequential scans are off, since a scan of a whole table
//! conflicts with everything in it.
//!
//! **Durability.** A commit is on the server's disk before anything leaves (`synchronous_commit` is raised where it is
//! less; a server with `fsync = off` is refused). Where a standby must confirm commits, it has. With an asynchronous standby, a
//! failover may lose the last attempts: what preflight then finds at the provider is adopted.
//!
//! **A commit whose answer is lost** may have happened or not. Then the caller gets an error, and nothing is sent. If the
//! attempt was written, it stands as `SENDING` with an owner who will not send it: it becomes `UNKNOWN` when that process
//! is gone or its lease over, the provider's list proves it `ABSENT`, and its step is tried again. An outcome that could
//! not be written down is tried again while its tick lasts, by compare-and-set: twice is once.
//!
//! **Leases.** The process and the boot time of an owner say nothing to another host, nor do wall clocks, which may be
//! wrong. So the lease of another host's attempt, and the time by which its request has ended, are judged by the server's clock alone
//! (`age`). The owner goes by its own CLOCK_BOOTTIME, which it read *before* it asked for the attempt; the server counts the
//! same span from when the row was written. So by the server everything ends later than the owner believes, however wrong
//! the clocks of the hosts are, and assumption (A) holds: once the fence has passed, the bytes leave before the lease ends. What is
//! left: a server's clock that jumps ahead by more than the settle time, as after a failover to a server whose clock is
//! wrong. Keep the clocks of the database servers in step.
//!
//! **A failover** to a standby that had lost transactions makes what this process knows untrue: rows it claimed are not
//! there, their ids may be given to others, and the provider's list it has read may lack a call that another host made and
//! the new server has forgotten. So a process stays with the timeline it began with (`open`), and the next tick asks anew;
//! `ticks::last_tick` says how far back that one looks.
//!
//! **A frozen server** costs a use case 15 s at most: every wait has a deadline on this side (`session`). **A frozen host**
//! holds its locks for 5 s, then the server ends its transaction.
//!
//! **Names.** Everything stands in the schema `savehub` of the database, which may hold other things beside.

mod age;
mod agenda;
mod attempts;
mod calendars;
mod calls;
mod candidates;
mod claims;
mod copy;
mod forget;
mod gauges;
mod heard;
mod history;
mod incidents;
mod meetings;
mod migrations;
mod open;
mod pace;
mod pauses;
mod reads;
mod reconcile;
mod record;
mod session;
mod take;
mod tally;
mod ticks;
mod tls;
mod transact;
mod tx;
mod values;

use super::{
    Acknowledgement, AfterRule, AgendaRecorded, AgendaRule, Attempt, AttemptDraft, Begun, CalendarDraft,
    CalendarsSynced, CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended,
    FaultNews, FenceFacts, Finding, Forgotten, Gauges, GuardRule, HearRule, Heeded, LiveCall, LookAt, LookDone,
    Meeting, NewMeeting, NewPause, NextLook, Opened, PauseView, PlanRule, QueueRule, Queued, ReconcileRules, Recorded,
    Refusal, Reported, Result, SettleRule, Snapshot, StepResult, Store, Tally, TallyScope, TickBegun, TickEnd,
    TickSeen, TickStart, TurnedAway, packed,
};
use super::{Ahead, History};
use crate::model::{
    AttemptId, CalendarId, CallReport, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply, Seen, TickId,
    Timestamp, Waiting,
};
use secrecy::SecretString;
use session::Session;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use transact::{Inner, readable};
use tx::Tx;

/// The server, and how to speak to it.
#[derive(Debug, Clone)]
pub struct Server {
    /// `postgres://…`, without `sslmode`: what this build's driver understands.
    pub url: SecretString,
    /// Is the connection encrypted, and to whom?
    pub tls: Tls,
    /// Host and database, for messages.
    pub name: String,
}

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a server on this host.
    Off,
    /// Encrypted, to whoever answers.
    Unverified,
    /// Encrypted, to a server whose certificate is of an authority in this file, or else of one that browsers believe.
    Full(Option<PathBuf>),
}

/// savehub's state in a PostgreSQL database.
pub struct PostgresStore {
    server: Server,
    main: Mutex<Option<Session>>,
    /// Of the server, as it was first seen.
    timeline: OnceLock<i64>,
    /// For the fence alone, opened with the first attempt.
    fence: Mutex<Option<Session>>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("name", &self.server.name).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
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
        self.glance("list meetings", |tx| meetings::between(tx, since, until))
    }

    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>> {
        self.glance("read a meeting", |tx| meetings::get(tx, id))
    }

    fn sync_calendars(&self, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Result<CalendarsSynced> {
        if self.glance("look for a new list of calendars", |tx| calendars::is_synced(tx, fingerprint))? {
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
            due.extend(self.write("lease calendars", |tx| calendars::lease(tx, asked))?);
        }
        Ok(due)
    }

    fn calendars_behind(&self, then: Timestamp) -> Result<u64> {
        self.glance("count overdue calendars", |tx| calendars::behind(tx, then))
    }

    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>> {
        let packed = self.glance("read a calendar's copy", |tx| calendars::body(tx, id))?;
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
        self.write("record a look at a calendar", |tx| calendars::record(tx, id, look, &packed, now, rule))
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
        self.write("begin a tick", |tx| ticks::begin(tx, start))
    }

    fn settle(&self, now: Timestamp, rule: SettleRule<'_>) -> Result<Vec<StepResult>> {
        // Nearly every tick finds nothing to settle; a read is cheaper than a commit.
        if !self.glance("look for open attempts", |tx| attempts::anything_to_settle(tx, now))? {
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
        self.glance("read due steps", |tx| claims::due(tx, now, limit))
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
        let read = |tx: &Tx<'_>| attempts::fence(tx, attempt);
        // A connection of its own, so that no transaction of ours stands between the last look and the bytes.
        self.glance_on(&self.fence, "read the fence", read)
    }

    fn record(&self, attempt: Attempt, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.record_late(attempt.id, reply, now, rule)
    }

    fn record_late(&self, attempt: AttemptId, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.write("record an attempt", |tx| record::record(tx, attempt, reply, now, rule))
    }

    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>> {
        self.glance("read doubtful attempts", |tx| reconcile::doubtful(tx, watched_since))
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
        self.glance("read live calls", |tx| calls::live(tx, scope, now))
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
        if !self.glance("look for work to close", |tx| ticks::anything_to_close(tx, now, rule))? {
            return Ok(Closed::default());
        }
        self.write("close incidents", |tx| ticks::close(tx, now, rule))
    }

    fn end_tick(&self, id: TickId, end: &TickEnd) -> Result<()> {
        self.write("end a tick", |tx| ticks::end(tx, id, end))
    }

    fn fault_seen(&self, key: &str, now: Timestamp) -> Result<FaultNews> {
        self.write("record a fault", |tx| ticks::fault_seen(tx, key, now))
    }

    fn fault_gone(&self, key: &str) -> Result<bool> {
        if !self.glance("look for a fault", |tx| ticks::has_fault(tx, key))? {
            return Ok(false);
        }
        self.write("clear a fault", |tx| ticks::fault_gone(tx, key))
    }

    fn waiting(&self) -> Result<Vec<Waiting>> {
        self.glance("look for open incidents", heard::waiting)
    }

    fn hear(&self, heard: &Heard, now: Timestamp, rule: HearRule<'_>) -> Result<Option<Heeded>> {
        // What is listened to lists old things as well as new ones.
        if self.glance("look for what was heard", |tx| heard::is_known(tx, &heard.sid))? {
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
        self.glance("read the pauses", |tx| pauses::live(tx, now))
    }

    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>> {
        self.glance("read the last ticks", |tx| reads::ticks(tx, since, limit))
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

    fn tally(&self, asked: &TallyScope) -> Result<Tally> {
        self.read("count for the report", |tx| tally::tally(tx, asked))
    }

    fn history(&self, meeting: MeetingId) -> Result<Option<History>> {
        self.read("read a meeting's history", |tx| history::of(tx, meeting))
    }

    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>> {
        self.glance("look for an incident", |tx| history::meeting_of(tx, incident))
    }

    fn ahead(&self, started_since: Timestamp) -> Result<Ahead> {
        self.read("look ahead", |tx| history::ahead(tx, started_since))
    }

    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot> {
        self.read("read the state", |tx| reads::snapshot(tx, now, since, until))
    }

    fn rehearsal(&self) -> Result<Box<dyn Store>> {
        Ok(Box::new(copy::to_memory(self)?))
    }
}
