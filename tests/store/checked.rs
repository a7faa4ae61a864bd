//! A store around a store that looks at everything after each change.

use savehub::model::{
    AttemptId, AttemptState, CalendarId, CallReport, HangUpState, Heard, IncidentId, IncidentState, ListedCall,
    MeetingId, Reason, Reply, RungKind, Seen, StepId, StepState, TickId, Timestamp, Waiting,
};
use savehub::store::{
    Acknowledgement, AfterRule, AgendaRecorded, AgendaRule, Ahead, AttemptDraft, AttemptView, Begun, CalendarDraft,
    CalendarsSynced, CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended,
    FaultNews, FenceFacts, Finding, Forgotten, Gauges, GuardRule, HearRule, Heeded, History, IncidentView, LiveCall,
    LookAt, LookDone, Meeting, NewMeeting, NewPause, NextLook, Opened, PauseView, PlanRule, QueueRule, Queued,
    ReconcileRules, Recorded, Refusal, Reported, Result, SettleRule, Snapshot, StepResult, StepView, Store, Tally,
    TallyScope, TickBegun, TickEnd, TickSeen, TickStart, TurnedAway,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Beginning and end of time, for reading everything.
const ALWAYS: (Timestamp, Timestamp) = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX / 4));

/// Passes every call on, then checks what may never be.
pub(crate) struct Checked {
    inner: Box<dyn Store>,
    last: Mutex<Last>,
}

/// What the last look showed, to see that nothing final is reopened.
#[derive(Default)]
struct Last {
    incidents: BTreeMap<IncidentId, (IncidentState, Option<Reason>)>,
    steps: BTreeMap<StepId, (StepState, Option<Reason>)>,
    attempts: BTreeMap<AttemptId, AttemptState>,
}

impl Checked {
    pub(crate) fn new(inner: Box<dyn Store>) -> Self {
        Self { inner, last: Mutex::default() }
    }

    fn then<T>(&self, answer: T) -> T {
        let mut last = self.last.lock().unwrap();
        let all = everything(&*self.inner);
        check(&all);
        last.compare(&all);
        answer
    }
}

/// A snapshot of all there is.
pub(crate) fn everything(store: &dyn Store) -> Snapshot {
    store.snapshot(ALWAYS.0, ALWAYS.0, ALWAYS.1).unwrap()
}

fn check(all: &Snapshot) {
    let mut open_by_phone: BTreeMap<(RungKind, &str), BTreeSet<AttemptId>> = BTreeMap::new();
    let mut watched = BTreeSet::new();
    let mut generations = BTreeSet::new();
    for incident in &all.incidents {
        check_incident(incident);
        assert!(generations.insert((incident.meeting, incident.generation)), "two incidents of one generation");
        if !incident.state.is_final() {
            assert!(watched.insert(incident.meeting), "two live incidents of {}", incident.meeting);
        }
        for step in &incident.steps {
            check_step(incident, step);
            let to_a_phone = matches!(step.kind, RungKind::Call | RungKind::Sms);
            for attempt in step.attempts.iter().filter(|a| to_a_phone && a.state.is_open()) {
                open_by_phone.entry((step.kind, &attempt.to)).or_default().insert(attempt.id);
            }
        }
    }
    for (phone, attempts) in open_by_phone {
        assert!(attempts.len() <= 1, "{phone:?} has open attempts {attempts:?}");
    }
}

fn check_incident(incident: &IncidentView) {
    let IncidentView { id, state, .. } = incident;
    assert_eq!(incident.ended_at.is_some(), state.is_final(), "{id} is {state} and ended at {:?}", incident.ended_at);
    assert_eq!(incident.reason.is_some(), state.is_final(), "{id} is {state} because {:?}", incident.reason);
    let answered = incident.acknowledged.is_some();
    assert!(answered || *state != IncidentState::Acknowledged, "{id} is {state} and nobody knows by whom");
    let waits = matches!(state, IncidentState::Open | IncidentState::Escalating);
    assert!(!(answered && waits), "{id} was answered and is {state}");
    assert!(incident.steps.is_sorted_by(|a, b| a.rung < b.rung), "steps of {id} out of order");
}

fn check_step(incident: &IncidentView, step: &StepView) {
    let StepView { id, state, .. } = step;
    let open = step.attempts.iter().filter(|a| a.state.is_open()).count();
    assert_eq!(open, usize::from(*state == StepState::Running), "{id} is {state} with {open} open attempts");
    assert!(!(incident.state.is_final() && *state == StepState::Pending), "{id} pends in {}", incident.state);
    if matches!(state, StepState::Executed | StepState::Failed | StepState::Skipped) {
        assert!(step.reason.is_some(), "{id} is {state} without a reason");
    }
    if *state == StepState::Executed {
        assert!(step.attempts.iter().any(|a| a.state == AttemptState::Accepted), "{id} is EXECUTED without a call");
    }
    assert!(step.attempts.is_sorted_by_key(|a| a.intent_at), "attempts of {id} out of order");
    step.attempts.iter().for_each(|attempt| check_attempt(step.kind, attempt));
}

fn check_attempt(kind: RungKind, attempt: &AttemptView) {
    let AttemptView { id, state, call_id, .. } = attempt;
    assert_eq!(*state == AttemptState::Accepted, call_id.is_some(), "{id} is {state} with call {call_id:?}");
    assert_eq!(call_id.is_some(), attempt.call_status.is_some(), "{id} has status {:?}", attempt.call_status);
    let masked = match kind {
        RungKind::Call | RungKind::Sms => attempt.to.starts_with("****") && attempt.to.len() == 8,
        RungKind::Email => attempt.to.split_once("***@").is_some_and(|(name, _)| name.len() == 1),
        RungKind::Webhook | RungKind::Command => true,
    };
    assert!(masked, "{id} shows {}", attempt.to);
}

impl Last {
    fn compare(&mut self, all: &Snapshot) {
        let now = Self::of(all);
        for (id, then) in self.incidents.iter().filter(|(_, (state, _))| state.is_final()) {
            assert!(now.incidents.get(id).is_none_or(|new| new == then), "{id} was {then:?}: {:?}", now.incidents[id]);
        }
        for (id, then) in &self.steps {
            if !matches!(then.0, StepState::Pending | StepState::Running) {
                assert!(now.steps.get(id).is_none_or(|new| new == then), "{id} was {then:?}: {:?}", now.steps[id]);
            }
        }
        for (id, then) in &self.attempts {
            let new = now.attempts.get(id).copied().unwrap_or(*then);
            assert!(may_follow(*then, new), "{id} went from {then} to {new}");
        }
        *self = now;
    }

    fn of(all: &Snapshot) -> Self {
        let mut last = Self::default();
        for incident in &all.incidents {
            last.incidents.insert(incident.id, (incident.state, incident.reason));
            for step in &incident.steps {
                last.steps.insert(step.id, (step.state, step.reason));
                last.attempts.extend(step.attempts.iter().map(|a| (a.id, a.state)));
            }
        }
        last
    }
}

/// The arrows of DESIGN, section 2; a settled attempt may pass through `UNKNOWN` unseen.
fn may_follow(then: AttemptState, new: AttemptState) -> bool {
    use AttemptState::{Abandoned, Absent, Accepted, Rejected, Sending, Unknown};
    then == new
        || match then {
            Sending => true,
            Unknown => new != Sending,
            Absent | Abandoned => new == Accepted,
            Accepted | Rejected | AttemptState::NotSent => false,
        }
}

/// Methods that change something: pass on, then look.
macro_rules! looked_at {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(fn $name(&self, $($arg: $type),*) -> Result<$answer> { self.then(self.inner.$name($($arg),*)) })+
    };
}

impl Store for Checked {
    looked_at! {
        fn add_meeting(new: &NewMeeting, now: Timestamp) -> Meeting;
        fn move_meeting(id: MeetingId, starts: Timestamp, ends: Option<Timestamp>, now: Timestamp) -> Changed;
        fn cancel_meeting(id: MeetingId, now: Timestamp) -> Changed;
        fn sync_calendars(wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> CalendarsSynced;
        fn due_calendars(asked: &LookAt) -> Vec<DueCalendar>;
        fn calendars_behind(then: Timestamp) -> u64;
        fn record_look(id: CalendarId, look: &LookDone, now: Timestamp, rule: AgendaRule<'_>) -> AgendaRecorded;
        fn begin_tick(start: &TickStart) -> TickBegun;
        fn settle(now: Timestamp, rule: SettleRule<'_>) -> Vec<StepResult>;
        fn open_incidents(now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Opened;
        fn begin_attempt(claim: Claim, draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Begun;
        fn begin_test_call(draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Begun;
        fn record(attempt: savehub::store::Attempt, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Recorded;
        fn record_late(attempt: AttemptId, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Recorded;
        fn reconcile(attempt: AttemptId, list: &[ListedCall], now: Timestamp, rules: &ReconcileRules<'_>) -> Recorded;
        fn record_report(id: AttemptId, report: &CallReport, next: NextLook, answered: Option<Timestamp>) -> Reported;
        fn refuse(claim: Claim, refusal: &Refusal, now: Timestamp) -> Option<StepResult>;
        fn acknowledge(incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> bool;
        fn record_hang_up(attempt: AttemptId, to: HangUpState) -> bool;
        fn look_later(attempt: AttemptId, next_look: Timestamp) -> ();
        fn close(now: Timestamp, rule: &CloseRule) -> Closed;
        fn end_tick(id: TickId, end: &TickEnd) -> ();
        fn fault_seen(key: &str, now: Timestamp) -> FaultNews;
        fn fault_gone(key: &str) -> bool;
        fn hear(heard: &Heard, now: Timestamp, rule: HearRule<'_>) -> Option<Heeded>;
        fn check_in(meeting: MeetingId, how: CheckIn, now: Timestamp) -> Ended;
        fn present(incident: IncidentId, now: Timestamp) -> Ended;
        fn resolve(incident: IncidentId, note: Option<&str>, now: Timestamp) -> Ended;
        fn forget(until: Timestamp, limit: u32) -> Forgotten;
        fn pause(new: &NewPause, now: Timestamp) -> PauseView;
        fn resume(person: Option<&str>, now: Timestamp) -> Vec<PauseView>;
    }

    fn meetings(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Meeting>> {
        self.inner.meetings(since, until)
    }

    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>> {
        self.inner.meeting(id)
    }

    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>> {
        self.inner.calendar_body(id, longest)
    }

    fn import_agenda(
        &self,
        person: &str,
        source: &str,
        seen: &Seen,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        self.then(self.inner.import_agenda(person, source, seen, now, rule))
    }

    fn turn_away(
        &self,
        queue: &[Queued<'_>],
        now: Timestamp,
        guards: QueueRule<'_>,
        hopeless: CapacityRule<'_>,
    ) -> Result<TurnedAway> {
        self.then(self.inner.turn_away(queue, now, guards, hopeless))
    }

    fn due_steps(&self, now: Timestamp, limit: usize) -> Result<Vec<Claim>> {
        self.inner.due_steps(now, limit)
    }

    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>> {
        self.inner.doubtful(watched_since)
    }

    fn adopt(
        &self,
        claim: &Claim,
        draft: &AttemptDraft<'_>,
        list: &[ListedCall],
        now: Timestamp,
        find: &dyn Fn(&[ListedCall]) -> Finding,
    ) -> Result<Vec<StepResult>> {
        self.then(self.inner.adopt(claim, draft, list, now, find))
    }

    fn waiting(&self) -> Result<Vec<Waiting>> {
        self.inner.waiting()
    }

    fn fence(&self, attempt: AttemptId) -> Result<FenceFacts> {
        self.inner.fence(attempt)
    }

    fn live_calls(&self, scope: CallScope, now: Timestamp) -> Result<Vec<LiveCall>> {
        self.inner.live_calls(scope, now)
    }

    fn pauses(&self, now: Timestamp) -> Result<Vec<PauseView>> {
        self.inner.pauses(now)
    }

    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>> {
        self.inner.recent_ticks(since, limit)
    }

    fn forgettable(&self, until: Timestamp) -> Result<Forgotten> {
        self.inner.forgettable(until)
    }

    fn gauges(&self, now: Timestamp) -> Result<Gauges> {
        self.inner.gauges(now)
    }

    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot> {
        self.inner.snapshot(now, since, until)
    }

    fn tally(&self, asked: &TallyScope) -> Result<Tally> {
        self.inner.tally(asked)
    }

    fn history(&self, meeting: MeetingId) -> Result<Option<History>> {
        self.inner.history(meeting)
    }

    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>> {
        self.inner.meeting_of(incident)
    }

    fn ahead(&self, started_since: Timestamp) -> Result<Ahead> {
        self.inner.ahead(started_since)
    }

    fn rehearsal(&self) -> Result<Box<dyn Store>> {
        Ok(Box::new(Self::new(self.inner.rehearsal()?)))
    }
}
