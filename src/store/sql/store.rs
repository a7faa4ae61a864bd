//! The use cases of the port, each in its transaction: the only `impl Store`.

use super::engine::{Engine, SqlStore};
use super::tx::Tx;
use super::{
    agenda, attempts, calendars, calls, claims, explained, forget, gauges, heard, history, incidents, meetings, pace,
    pauses, people, reads, reconcile, record, steps, tally, ticks, undo, watch,
};
use crate::model::{
    AttemptId, CalendarId, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply, SeenAgenda, StepId, TickId,
    Timestamp, Waiting,
};
use crate::owner::Mark;
use crate::store::{
    Acknowledgement, AgendaRecorded, AgendaRule, AttemptDraft, Begun, CalendarDraft, CalendarsSynced, CallReported,
    CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended, EndedIncident,
    FaultNews, FenceFacts, Forgotten, Gauges, GuardRule, HearRule, HeardOutcome, LiveCall, LookAt, LookDone,
    LookOutcome, LookToRecord, Meeting, NewMeeting, NewPause, Opened, PauseView, PeopleSynced, PersonDraft, Placed,
    PlacedRule, PlanRule, QueueRule, Queued, ReconcileRules, Recorded, Refusal, RefusedFrom, RekeyRule, ReplyRule,
    Reported, Result, SettleRule, Shed, Snapshot, StepResult, Store, StoreError, Tally, TallyScope, TextRule,
    TickBegun, TickEnd, TickSeen, TickStart, UndoRule, UndoScope, Undone, packed,
};
use crate::store::{Ahead, History, StepOutline};
use std::path::PathBuf;

impl<E: Engine> Store for SqlStore<E> {
    fn add_meeting(&self, new: &NewMeeting, now: Timestamp) -> Result<Meeting> {
        self.engine.write("add a meeting", |tx| meetings::add(tx, new, now))
    }

    fn move_meeting(
        &self,
        id: MeetingId,
        starts_at: Timestamp,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Changed> {
        self.engine.write("move a meeting", |tx| meetings::reschedule(tx, id, starts_at, ends_at, now))
    }

    fn cancel_meeting(&self, id: MeetingId, now: Timestamp) -> Result<Changed> {
        self.engine.write("cancel a meeting", |tx| meetings::cancel(tx, id, now))
    }

    fn meetings(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Meeting>> {
        self.engine.read_outside("list meetings", |tx| meetings::between(tx, since, until))
    }

    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>> {
        self.engine.read_outside("read a meeting", |tx| meetings::get(tx, id))
    }

    fn sync_calendars(&self, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Result<CalendarsSynced> {
        if self.engine.read_outside("look for a new list of calendars", |tx| calendars::is_synced(tx, fingerprint))? {
            return Ok(CalendarsSynced::default());
        }
        self.engine.write("take over the list of calendars", |tx| calendars::sync(tx, wanted, fingerprint, now))
    }

    fn sync_people(
        &self,
        wanted: &[PersonDraft],
        fingerprint: &str,
        rekey: RekeyRule<'_>,
        now: Timestamp,
    ) -> Result<PeopleSynced> {
        if self.engine.read_outside("look for a new list of people", |tx| people::is_synced(tx, fingerprint))? {
            return Ok(PeopleSynced::default());
        }
        self.engine.write("take over the list of people", |tx| people::sync(tx, wanted, fingerprint, rekey, now))
    }

    fn due_calendars(&self, asked: &LookAt) -> Result<Vec<DueCalendar>> {
        let (mut due, more) = self.engine.read("look for calendars to read", |tx| {
            let (files, more) = calendars::anything_due(tx, asked.now, asked.lease)?;
            let due = if asked.files && files { calendars::files(tx, asked)? } else { Vec::new() };
            Ok((due, more))
        })?;
        if more {
            // A power cut ends every look that a lease is for.
            due.extend(self.engine.write_lazily("lease calendars", |tx| calendars::lease(tx, asked))?);
        }
        Ok(due)
    }

    fn calendars_behind(&self, then: Timestamp) -> Result<u64> {
        self.engine.read_outside("count overdue calendars", |tx| calendars::behind(tx, then))
    }

    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>> {
        let read = |tx: &dyn Tx| calendars::body(tx, id);
        let packed = match self.engine.read_outside("read a calendar's copy", read)? {
            Some(left) if left.is_empty() => self.engine.left_behind(id)?,
            packed => packed,
        };
        Ok(packed.and_then(|packed| packed::decompress(&packed, longest)))
    }

    fn record_looks(&self, looks: &[LookToRecord<'_>]) -> Result<Vec<AgendaRecorded>> {
        let packed: Vec<_> = looks.iter().map(|of| packed::compress(&of.look.outcome)).collect();
        let record = |tx: &dyn Tx| calendars::record(tx, looks, &packed);
        let what = "record looks at calendars";
        // If a power cut loses a look without a new copy, it is simply done again.
        let brings = |look: &LookDone| look.expanded.is_some() || matches!(look.outcome, LookOutcome::New { .. });
        let brought = looks.iter().any(|of| brings(of.look));
        if brought { self.engine.write(what, record) } else { self.engine.write_lazily(what, record) }
    }

    fn import_agenda(
        &self,
        person: &str,
        source: &str,
        seen: &SeenAgenda,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        self.engine.write("import meetings", |tx| agenda::import(tx, person, source, seen, now, rule))
    }

    fn begin_tick(&self, start: &TickStart) -> Result<TickBegun> {
        let last = self.engine.last_tick();
        let ended = last.read();
        let begun = self.engine.write_lazily("begin a tick", |tx| ticks::begin(tx, start, ended))?;
        last.begins(begun.remembered.on_since.unwrap_or(start.now).ms());
        Ok(begun)
    }

    fn settle(&self, now: Timestamp, rule: SettleRule<'_>) -> Result<Vec<StepResult>> {
        // Nearly every tick finds nothing to settle; a read is cheaper than a commit.
        if !self.engine.read_outside("look for open attempts", |tx| attempts::anything_to_settle(tx, now))? {
            return Ok(Vec::new());
        }
        self.engine.write("settle open attempts", |tx| attempts::settle(tx, now, rule))
    }

    fn armed_files(&self) -> Option<PathBuf> {
        self.engine.armed_files()
    }

    fn armed(&self) -> Result<Vec<Mark>> {
        self.engine.read_outside("look for files of open attempts", attempts::armed)
    }

    fn open_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened> {
        if !self.engine.read("look for meetings in reach", |tx| watch::anything_to_open(tx, now, until, rule))? {
            return Ok(Opened::default());
        }
        self.engine.write("open incidents", |tx| watch::open(tx, now, until, rule))
    }

    fn open_new_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened> {
        if !self.engine.read_outside("look for new meetings in reach", |tx| watch::is_any_unwatched(tx, now, until))? {
            return Ok(Opened::default());
        }
        self.engine.write("open incidents of new meetings", |tx| watch::open_new(tx, now, until, rule))
    }

    fn due_steps(&self, now: Timestamp, limit: usize) -> Result<Vec<Claim>> {
        self.engine.read_outside("read due steps", |tx| claims::due(tx, now, limit))
    }

    fn begin_attempts(
        &self,
        claims: Vec<Claim>,
        drafts: &[AttemptDraft<'_>],
        now: Timestamp,
        rule: QueueRule<'_>,
    ) -> Result<Vec<Begun>> {
        let begun = self.engine.write("write down attempts", |tx| {
            let asked: Vec<_> = claims.iter().zip(drafts).collect();
            claims::begin(tx, &asked, now, rule)
        })?;
        Ok(begun.into_iter().zip(claims).map(|(begun, claim)| begun.not_spent(claim)).collect())
    }

    fn shed(
        &self,
        queue: &[Queued<'_>],
        now: Timestamp,
        guards: QueueRule<'_>,
        unschedulable: CapacityRule<'_>,
    ) -> Result<Shed> {
        self.engine.write("shed calls", |tx| pace::shed(tx, queue, now, guards, unschedulable))
    }

    fn refuse(&self, claim: Claim, refusal: &Refusal, now: Timestamp) -> Result<Option<StepResult>> {
        self.engine.write("refuse a step", |tx| steps::refuse(tx, claim.step, refusal, now))
    }

    fn begin_test_call(&self, draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Result<Begun> {
        self.engine.write("write down a test call", |tx| claims::begin_test_call(tx, draft, now, rule))
    }

    fn begin_text(
        &self,
        incidents: &[IncidentId],
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        rule: TextRule<'_>,
    ) -> Result<Begun> {
        self.engine.write("write down a text", |tx| explained::begin(tx, incidents, draft, now, rule))
    }

    fn fence(&self, attempt: AttemptId) -> Result<FenceFacts> {
        let read = |ids: &[AttemptId]| self.engine.read_for_fence("read the fence", |tx| attempts::fences(tx, ids));
        let facts = match self.engine.fence_line() {
            Some(line) => line.ask(attempt, read)?,
            None => read(&[attempt])?.pop().flatten(),
        };
        facts.ok_or_else(|| StoreError::NotFound(format!("there is no attempt {attempt}")))
    }

    fn record_all(
        &self,
        replies: &[(AttemptId, &Reply)],
        now: Timestamp,
        rule: ReplyRule<'_>,
    ) -> Result<Vec<Recorded>> {
        self.engine.write("record attempts", |tx| record::record_all(tx, replies, now, rule))
    }

    fn refused_senders(&self, since: Timestamp) -> Result<Vec<RefusedFrom>> {
        self.engine.read_outside("read refused senders", |tx| pace::refused_senders(tx, since))
    }

    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>> {
        self.engine.read_outside("read doubtful attempts", |tx| reconcile::doubtful(tx, watched_since))
    }

    fn reconcile(
        &self,
        attempt: AttemptId,
        list: &[ListedCall],
        now: Timestamp,
        rules: &ReconcileRules<'_>,
    ) -> Result<Recorded> {
        self.engine.write("reconcile an attempt", |tx| reconcile::reconcile(tx, attempt, list, now, rules))
    }

    fn adopt(
        &self,
        claim: &Claim,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        find: PlacedRule<'_>,
    ) -> Result<Option<Recorded>> {
        self.engine.write("adopt a call", |tx| reconcile::adopt(tx, claim, draft, now, find))
    }

    fn ended_since(&self, since: Timestamp) -> Result<Vec<EndedIncident>> {
        self.engine.read_outside("read ended incidents", |tx| reconcile::ended_since(tx, since))
    }

    fn adopt_ended(
        &self,
        incident: &EndedIncident,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        choose: &dyn Fn(&[ListedCall]) -> Vec<Placed>,
    ) -> Result<Vec<LiveCall>> {
        self.engine.write("adopt calls that ring on", |tx| reconcile::adopt_ended(tx, incident, draft, now, choose))
    }

    fn live_calls(&self, scope: CallScope, now: Timestamp) -> Result<Vec<LiveCall>> {
        self.engine.read_outside("read live calls", |tx| calls::live(tx, scope, now))
    }

    fn record_reports(&self, reports: &[CallReported<'_>]) -> Result<Vec<Reported>> {
        self.engine.write("record the status of calls", |tx| calls::record(tx, reports))
    }

    fn record_hang_up(&self, attempt: AttemptId, to: HangUpState) -> Result<bool> {
        self.engine.write("record a hang-up", |tx| calls::hang_up(tx, attempt, to))
    }

    fn look_later(&self, attempt: AttemptId, next_look: Timestamp) -> Result<()> {
        self.engine.write("put off a look", |tx| calls::look_later(tx, attempt, next_look))
    }

    fn close(&self, now: Timestamp, rule: &CloseRule) -> Result<Closed> {
        if !self.engine.read_outside("look for work to close", |tx| ticks::anything_to_close(tx, now, rule))? {
            return Ok(Closed::default());
        }
        self.engine.write("close incidents", |tx| ticks::close(tx, now, rule))
    }

    fn end_tick(&self, id: TickId, end: &TickEnd) -> Result<()> {
        self.engine.write_lazily("end a tick", |tx| ticks::end(tx, id, end))?;
        self.engine.last_tick().ends(id.0, end.now.ms());
        self.engine.tick_ended();
        Ok(())
    }

    fn fault_seen(&self, key: &str, now: Timestamp) -> Result<FaultNews> {
        self.engine.write("record a fault", |tx| ticks::fault_seen(tx, key, now))
    }

    fn fault_gone(&self, key: &str) -> Result<bool> {
        if !self.engine.read_outside("look for a fault", |tx| ticks::has_fault(tx, key))? {
            return Ok(false);
        }
        self.engine.write("clear a fault", |tx| ticks::fault_gone(tx, key))
    }

    fn waiting(&self) -> Result<Vec<Waiting>> {
        self.engine.read_outside("look for open incidents", heard::waiting)
    }

    fn hear(&self, heard: &[Heard], now: Timestamp, rule: HearRule<'_>) -> Result<Vec<Option<HeardOutcome>>> {
        // The provider's lists contain old answers as well as new ones.
        let are_known = |tx: &dyn Tx| heard.iter().map(|one| heard::is_known(tx, &one.sid)).collect();
        let known: Vec<bool> = self.engine.read_outside("look for what was heard", are_known)?;
        if known.iter().all(|known| *known) {
            return Ok(known.iter().map(|_| None).collect());
        }
        let each = |tx: &dyn Tx, (one, known)| if known { Ok(None) } else { heard::hear(tx, one, now, rule) };
        self.engine
            .write("use what was heard", |tx| heard.iter().zip(known.iter().copied()).map(|of| each(tx, of)).collect())
    }

    fn check_in_all(&self, meetings: &[MeetingId], how: CheckIn, now: Timestamp) -> Result<Vec<Ended>> {
        self.engine.write("check in", |tx| watch::check_in(tx, meetings, how, now))
    }

    fn undo(&self, scope: &UndoScope<'_>, rule: UndoRule<'_>) -> Result<Option<Undone>> {
        self.engine.write("take back", |tx| undo::undo(tx, scope, rule))
    }

    fn acknowledge(&self, incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> Result<bool> {
        self.engine.write("acknowledge an incident", |tx| incidents::acknowledge(tx, incident, how, now))
    }

    fn present(&self, incident: IncidentId, now: Timestamp) -> Result<Ended> {
        self.engine.write("note that a person is there", |tx| incidents::present(tx, incident, now))
    }

    fn resolve(&self, incident: IncidentId, note: Option<&str>, now: Timestamp) -> Result<Ended> {
        self.engine.write("resolve an incident", |tx| incidents::resolve(tx, incident, note, now))
    }

    fn pause(&self, new: &NewPause, now: Timestamp) -> Result<PauseView> {
        self.engine.write("begin a pause", |tx| pauses::begin(tx, new, now))
    }

    fn resume(&self, person: Option<&str>, now: Timestamp) -> Result<Vec<PauseView>> {
        self.engine.write("end a pause", |tx| pauses::end(tx, person, now))
    }

    fn pauses(&self, now: Timestamp) -> Result<Vec<PauseView>> {
        self.engine.read_outside("read the pauses", |tx| pauses::live(tx, now))
    }

    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>> {
        self.engine.read_outside("read the last ticks", |tx| reads::ticks(tx, since, limit))
    }

    fn forget(&self, until: Timestamp, limit: u32) -> Result<Forgotten> {
        // What a power cut brings back is deleted the next time.
        self.engine.write_in_bulk("delete what is old", |tx| forget::batch(tx, until, limit.into()))
    }

    fn forgettable(&self, until: Timestamp) -> Result<Forgotten> {
        self.engine.read("count what is old", |tx| forget::count(tx, until))
    }

    fn gauges(&self, now: Timestamp) -> Result<Gauges> {
        self.engine.read("count", |tx| gauges::gauges(tx, now))
    }

    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot> {
        self.engine.read("read the state", |tx| reads::snapshot(tx, now, since, until))
    }

    fn tally(&self, asked: &TallyScope) -> Result<Tally> {
        self.engine.read("count for the report", |tx| tally::tally(tx, asked))
    }

    fn history(&self, meeting: MeetingId) -> Result<Option<History>> {
        self.engine.read("read a meeting's history", |tx| history::of(tx, meeting))
    }

    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>> {
        self.engine.read_outside("look for an incident", |tx| history::meeting_of(tx, incident))
    }

    fn outlines(&self, steps: &[StepId]) -> Result<Vec<Option<StepOutline>>> {
        self.engine.read("outline steps", |tx| history::outlines(tx, steps))
    }

    fn ahead(&self, started_since: Timestamp) -> Result<Ahead> {
        self.engine.read("look ahead", |tx| history::ahead(tx, started_since))
    }

    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>> {
        self.engine.rehearsal(now)
    }
}
