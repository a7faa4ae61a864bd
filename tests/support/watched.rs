//! A store that counts what it is asked, and is busy when the test says so.

use savehub::model::{
    AttemptId, CalendarId, CallReport, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply, Seen, TickId,
    Timestamp, Waiting,
};
use savehub::store::{
    Acknowledgement, AfterRule, AgendaRecorded, AgendaRule, Ahead, Attempt, AttemptDraft, Begun, CalendarDraft,
    CalendarsSynced, CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended,
    FaultNews, FenceFacts, Finding, Forgotten, Gauges, GuardRule, HearRule, Heeded, History, LiveCall, LookAt,
    LookDone, Meeting, NewMeeting, NewPause, NextLook, Opened, PauseView, PlanRule, QueueRule, Queued, ReconcileRules,
    Recorded, Refusal, Reported, Result, SettleRule, Snapshot, StepResult, Store, StoreError, Tally, TallyScope,
    TickBegun, TickEnd, TickSeen, TickStart, TurnedAway,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Stands before a store.
pub struct Watched {
    inner: Arc<dyn Store>,
    asked: AtomicUsize,
    busy: AtomicUsize,
    claimed: Mutex<Vec<String>>,
    recording: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

impl Watched {
    /// Stands before `inner`.
    pub fn before(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            asked: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            claimed: Mutex::default(),
            recording: Mutex::new(None),
        })
    }

    /// How often it was asked anything but by the fence.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Whose steps were claimed, in this order.
    pub fn claimed(&self) -> Vec<String> {
        self.claimed.lock().unwrap().clone()
    }

    /// The next outcomes, so many of them, find the database locked.
    pub fn be_busy(&self, records: usize) {
        self.busy.store(records, Ordering::SeqCst);
    }

    /// What happens right before an outcome is written down.
    pub fn when_recording(&self, event: impl Fn() + Send + Sync + 'static) {
        *self.recording.lock().unwrap() = Some(Box::new(event));
    }

    fn ask(&self) -> &dyn Store {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.as_ref()
    }

    fn ask_to_record(&self) -> Result<&dyn Store> {
        if let Some(event) = self.recording.lock().unwrap().as_ref() {
            event();
        }
        let left = self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let store = self.ask();
        left.map_or(Ok(store), |_| Err(StoreError::Busy(Duration::from_secs(10))))
    }
}

impl Store for Watched {
    fn add_meeting(&self, new: &NewMeeting, now: Timestamp) -> Result<Meeting> {
        self.ask().add_meeting(new, now)
    }

    fn move_meeting(
        &self,
        id: MeetingId,
        starts_at: Timestamp,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Changed> {
        self.ask().move_meeting(id, starts_at, ends_at, now)
    }

    fn cancel_meeting(&self, id: MeetingId, now: Timestamp) -> Result<Changed> {
        self.ask().cancel_meeting(id, now)
    }

    fn meetings(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Meeting>> {
        self.ask().meetings(since, until)
    }

    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>> {
        self.ask().meeting(id)
    }

    fn sync_calendars(&self, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Result<CalendarsSynced> {
        self.ask().sync_calendars(wanted, fingerprint, now)
    }

    fn due_calendars(&self, asked: &LookAt) -> Result<Vec<DueCalendar>> {
        self.ask().due_calendars(asked)
    }

    fn calendars_behind(&self, then: Timestamp) -> Result<u64> {
        self.ask().calendars_behind(then)
    }

    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>> {
        self.ask().calendar_body(id, longest)
    }

    fn record_look(
        &self,
        id: CalendarId,
        look: &LookDone,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        self.ask().record_look(id, look, now, rule)
    }

    fn import_agenda(
        &self,
        person: &str,
        source: &str,
        seen: &Seen,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        self.ask().import_agenda(person, source, seen, now, rule)
    }

    fn begin_tick(&self, start: &TickStart) -> Result<TickBegun> {
        self.ask().begin_tick(start)
    }

    fn settle(&self, now: Timestamp, rule: SettleRule<'_>) -> Result<Vec<StepResult>> {
        self.ask().settle(now, rule)
    }

    fn open_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened> {
        self.ask().open_incidents(now, until, rule)
    }

    fn due_steps(&self, now: Timestamp, limit: usize) -> Result<Vec<Claim>> {
        self.ask().due_steps(now, limit)
    }

    fn begin_attempt(
        &self,
        claim: Claim,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        rule: GuardRule<'_>,
    ) -> Result<Begun> {
        self.claimed.lock().unwrap().push(claim.person.clone());
        self.ask().begin_attempt(claim, draft, now, rule)
    }

    fn turn_away(
        &self,
        queue: &[Queued<'_>],
        now: Timestamp,
        guards: QueueRule<'_>,
        hopeless: CapacityRule<'_>,
    ) -> Result<TurnedAway> {
        self.ask().turn_away(queue, now, guards, hopeless)
    }

    fn begin_test_call(&self, draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Result<Begun> {
        self.ask().begin_test_call(draft, now, rule)
    }

    fn fence(&self, attempt: AttemptId) -> Result<FenceFacts> {
        self.inner.fence(attempt)
    }

    fn record(&self, attempt: Attempt, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.ask_to_record()?.record(attempt, reply, now, rule)
    }

    fn record_late(&self, attempt: AttemptId, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.ask_to_record()?.record_late(attempt, reply, now, rule)
    }

    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>> {
        self.ask().doubtful(watched_since)
    }

    fn reconcile(
        &self,
        attempt: AttemptId,
        list: &[ListedCall],
        now: Timestamp,
        rules: &ReconcileRules<'_>,
    ) -> Result<Recorded> {
        self.ask().reconcile(attempt, list, now, rules)
    }

    fn adopt(
        &self,
        claim: &Claim,
        draft: &AttemptDraft<'_>,
        list: &[ListedCall],
        now: Timestamp,
        find: &dyn Fn(&[ListedCall]) -> Finding,
    ) -> Result<Vec<StepResult>> {
        self.ask().adopt(claim, draft, list, now, find)
    }

    fn live_calls(&self, scope: CallScope, now: Timestamp) -> Result<Vec<LiveCall>> {
        self.ask().live_calls(scope, now)
    }

    fn record_report(
        &self,
        attempt: AttemptId,
        report: &CallReport,
        next_look: NextLook,
        answered_at: Option<Timestamp>,
    ) -> Result<Reported> {
        self.ask().record_report(attempt, report, next_look, answered_at)
    }

    fn refuse(&self, claim: Claim, refusal: &Refusal, now: Timestamp) -> Result<Option<StepResult>> {
        self.ask().refuse(claim, refusal, now)
    }

    fn acknowledge(&self, incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> Result<bool> {
        self.ask().acknowledge(incident, how, now)
    }

    fn record_hang_up(&self, attempt: AttemptId, to: HangUpState) -> Result<bool> {
        self.ask().record_hang_up(attempt, to)
    }

    fn look_later(&self, attempt: AttemptId, next_look: Timestamp) -> Result<()> {
        self.ask().look_later(attempt, next_look)
    }

    fn close(&self, now: Timestamp, rule: &CloseRule) -> Result<Closed> {
        self.ask().close(now, rule)
    }

    fn end_tick(&self, id: TickId, end: &TickEnd) -> Result<()> {
        self.ask().end_tick(id, end)
    }

    fn fault_seen(&self, key: &str, now: Timestamp) -> Result<FaultNews> {
        self.ask().fault_seen(key, now)
    }

    fn fault_gone(&self, key: &str) -> Result<bool> {
        self.ask().fault_gone(key)
    }

    fn waiting(&self) -> Result<Vec<Waiting>> {
        self.ask().waiting()
    }

    fn hear(&self, heard: &Heard, now: Timestamp, rule: HearRule<'_>) -> Result<Option<Heeded>> {
        self.ask().hear(heard, now, rule)
    }

    fn check_in(&self, meeting: MeetingId, how: CheckIn, now: Timestamp) -> Result<Ended> {
        self.ask().check_in(meeting, how, now)
    }

    fn present(&self, incident: IncidentId, now: Timestamp) -> Result<Ended> {
        self.ask().present(incident, now)
    }

    fn resolve(&self, incident: IncidentId, note: Option<&str>, now: Timestamp) -> Result<Ended> {
        self.ask().resolve(incident, note, now)
    }

    fn pause(&self, new: &NewPause, now: Timestamp) -> Result<PauseView> {
        self.ask().pause(new, now)
    }

    fn resume(&self, person: Option<&str>, now: Timestamp) -> Result<Vec<PauseView>> {
        self.ask().resume(person, now)
    }

    fn pauses(&self, now: Timestamp) -> Result<Vec<PauseView>> {
        self.ask().pauses(now)
    }

    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>> {
        self.ask().recent_ticks(since, limit)
    }

    fn forget(&self, until: Timestamp, limit: u32) -> Result<Forgotten> {
        self.ask().forget(until, limit)
    }

    fn forgettable(&self, until: Timestamp) -> Result<Forgotten> {
        self.ask().forgettable(until)
    }

    fn gauges(&self, now: Timestamp) -> Result<Gauges> {
        self.ask().gauges(now)
    }

    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot> {
        self.ask().snapshot(now, since, until)
    }

    fn tally(&self, asked: &TallyScope) -> Result<Tally> {
        self.ask().tally(asked)
    }

    fn history(&self, meeting: MeetingId) -> Result<Option<History>> {
        self.ask().history(meeting)
    }

    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>> {
        self.ask().meeting_of(incident)
    }

    fn ahead(&self, started_since: Timestamp) -> Result<Ahead> {
        self.ask().ahead(started_since)
    }

    fn rehearsal(&self) -> Result<Box<dyn Store>> {
        self.ask().rehearsal()
    }
}
