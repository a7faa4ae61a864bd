//! A store before a store: every call is passed on, and a hook sees it go by. Here alone the tests list the port's methods.

use savehub::model::{
    AfterFacts, Answer, AttemptId, CalendarId, Facts, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply,
    SeenAgenda, StepId, StepNext, TickId, Timestamp, Told, Verdict, Waiting,
};
use savehub::owner::Mark;
use savehub::store::{
    Acknowledgement, AfterRule, AgendaRecorded, AgendaRule, Ahead, AttemptDraft, Begun, CalendarDraft, CalendarsSynced,
    CallReported, CallScope, CapacityRule, Changed, CheckIn, Claim, CloseRule, Closed, Doubtful, DueCalendar, Ended,
    EndedIncident, FaultNews, FenceFacts, Forgotten, Gauges, GuardRule, HearRule, HeardOutcome, History, LiveCall,
    LookAt, LookToRecord, Meeting, NewMeeting, NewPause, Opened, PauseView, PeopleSynced, PersonDraft, Placed,
    PlacedRule, PlanRule, QueueRule, Queued, ReconcileRules, Recorded, Refusal, RefusedFrom, RekeyRule, ReplyRule,
    Reported, Result, SettleRule, Shed, Snapshot, StepOutline, StepResult, Store, Tally, TallyScope, TextRule,
    TickBegun, TickEnd, TickSeen, TickStart, UndoRule, UndoScope, Undone,
};
use std::path::PathBuf;
use std::sync::Arc;

/// What happens around the calls.
pub trait Hook: Send + Sync {
    /// Before this method is passed on. `Err`: it is not.
    fn before(&self, method: &str) -> Result<()> {
        let _ = method;
        Ok(())
    }

    /// A claim goes by.
    fn claimed(&self, claim: &Claim) {
        let _ = claim;
    }

    /// So many outcomes are about to be written down together. `Err`: they are not.
    fn recording(&self, outcomes: usize) -> Result<()> {
        let _ = outcomes;
        Ok(())
    }

    /// After a call that may have changed something.
    fn changed(&self, store: &dyn Store) {
        let _ = store;
    }

    /// The rule about what becomes of a step after its attempt.
    fn after(&self, rule: AfterRule<'_>, reply: &Reply, facts: &AfterFacts) -> StepNext {
        let _ = reply;
        rule(facts)
    }

    /// The guards, for a step that was claimed.
    fn guards(&self, rule: GuardRule<'_>, claim: &Seen, facts: &Facts) -> Verdict {
        let _ = claim;
        rule(facts)
    }

    /// Answers are about to be used.
    fn hearing(&self, heard: &[Heard]) -> Result<()> {
        let _ = heard;
        Ok(())
    }

    /// The rule about what an answer means.
    fn answers(&self, rule: HearRule<'_>, heard: &Heard, told: &[Told]) -> Answer {
        rule(heard, told)
    }

    /// What stands before a rehearsal.
    fn rehearsed(&self, copy: Box<dyn Store>) -> Box<dyn Store> {
        copy
    }
}

/// What a claim says of its step, when the claim itself is spent.
#[allow(dead_code, reason = "every test binary uses another part of it")]
pub struct Seen {
    pub due_at: Timestamp,
    pub deadline_at: Timestamp,
}

/// Stands before a store.
pub struct Forward<H> {
    pub inner: Arc<dyn Store>,
    pub hook: H,
}

macro_rules! pass_on {
    ($($does:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)+) => {$(
        fn $name(&self, $($arg: $type),*) -> Result<$answer> {
            self.hook.before(stringify!($name))?;
            let answer = self.inner.$name($($arg),*);
            if stringify!($does) == "change" {
                self.hook.changed(&*self.inner);
            }
            answer
        }
    )+};
}

impl<H: Hook> Store for Forward<H> {
    pass_on! {
        change add_meeting(new: &NewMeeting, now: Timestamp) -> Meeting;
        change move_meeting(id: MeetingId, start: Timestamp, end: Option<Timestamp>, now: Timestamp) -> Changed;
        change cancel_meeting(id: MeetingId, now: Timestamp) -> Changed;
        read meetings(since: Timestamp, until: Timestamp) -> Vec<Meeting>;
        read meeting(id: MeetingId) -> Option<Meeting>;
        change sync_calendars(wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> CalendarsSynced;
        change sync_people(
            wanted: &[PersonDraft], fingerprint: &str, rekey: RekeyRule<'_>, now: Timestamp
        ) -> PeopleSynced;
        change due_calendars(asked: &LookAt) -> Vec<DueCalendar>;
        read calendars_behind(then: Timestamp) -> u64;
        read calendar_body(id: CalendarId, longest: usize) -> Option<Vec<u8>>;
        change record_looks(looks: &[LookToRecord<'_>]) -> Vec<AgendaRecorded>;
        change import_agenda(
            person: &str, source: &str, seen: &SeenAgenda, now: Timestamp, rule: AgendaRule<'_>
        ) -> AgendaRecorded;
        change begin_tick(start: &TickStart) -> TickBegun;
        change settle(now: Timestamp, rule: SettleRule<'_>) -> Vec<StepResult>;
        read armed() -> Vec<Mark>;
        change open_incidents(now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Opened;
        change open_new_incidents(now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Opened;
        read due_steps(now: Timestamp, limit: usize) -> Vec<Claim>;
        change shed(
            queue: &[Queued<'_>], now: Timestamp, guards: QueueRule<'_>, unschedulable: CapacityRule<'_>
        ) -> Shed;
        change refuse(claim: Claim, refusal: &Refusal, now: Timestamp) -> Option<StepResult>;
        change begin_test_call(draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Begun;
        change begin_text(
            incidents: &[IncidentId], draft: &AttemptDraft<'_>, now: Timestamp, rule: TextRule<'_>
        ) -> Begun;
        read fence(attempt: AttemptId) -> FenceFacts;
        read refused_senders(since: Timestamp) -> Vec<RefusedFrom>;
        read doubtful(watched_since: Timestamp) -> Vec<Doubtful>;
        change reconcile(
            attempt: AttemptId, list: &[ListedCall], now: Timestamp, rules: &ReconcileRules<'_>
        ) -> Recorded;
        change adopt(
            claim: &Claim, draft: &AttemptDraft<'_>, now: Timestamp, find: PlacedRule<'_>
        ) -> Option<Recorded>;
        read ended_since(since: Timestamp) -> Vec<EndedIncident>;
        change adopt_ended(
            incident: &EndedIncident, draft: &AttemptDraft<'_>, now: Timestamp,
            choose: &dyn Fn(&[ListedCall]) -> Vec<Placed>
        ) -> Vec<LiveCall>;
        read live_calls(scope: CallScope, now: Timestamp) -> Vec<LiveCall>;
        change record_reports(reports: &[CallReported<'_>]) -> Vec<Reported>;
        change record_hang_up(attempt: AttemptId, to: HangUpState) -> bool;
        change look_later(attempt: AttemptId, next_look: Timestamp) -> ();
        change close(now: Timestamp, rule: &CloseRule) -> Closed;
        change end_tick(id: TickId, end: &TickEnd) -> ();
        change fault_seen(key: &str, now: Timestamp) -> FaultNews;
        change fault_gone(key: &str) -> bool;
        read waiting() -> Vec<Waiting>;
        change check_in(meeting: MeetingId, how: CheckIn, now: Timestamp) -> Ended;
        change check_in_all(meetings: &[MeetingId], how: CheckIn, now: Timestamp) -> Vec<Ended>;
        change undo(scope: &UndoScope<'_>, rule: UndoRule<'_>) -> Option<Undone>;
        change present(incident: IncidentId, now: Timestamp) -> Ended;
        change acknowledge(incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> bool;
        change resolve(incident: IncidentId, note: Option<&str>, now: Timestamp) -> Ended;
        change pause(new: &NewPause, now: Timestamp) -> PauseView;
        change resume(person: Option<&str>, now: Timestamp) -> Vec<PauseView>;
        change forget(until: Timestamp, limit: u32) -> Forgotten;
        read forgettable(until: Timestamp) -> Forgotten;
        read pauses(now: Timestamp) -> Vec<PauseView>;
        read recent_ticks(since: Timestamp, limit: usize) -> Vec<TickSeen>;
        read gauges(now: Timestamp) -> Gauges;
        read snapshot(now: Timestamp, since: Timestamp, until: Timestamp) -> Snapshot;
        read tally(asked: &TallyScope) -> Tally;
        read history(meeting: MeetingId) -> Option<History>;
        read meeting_of(incident: IncidentId) -> Option<MeetingId>;
        read outlines(steps: &[StepId]) -> Vec<Option<StepOutline>>;
        read ahead(started_since: Timestamp) -> Ahead;
    }

    fn begin_attempts(
        &self,
        claims: Vec<Claim>,
        drafts: &[AttemptDraft<'_>],
        now: Timestamp,
        rule: QueueRule<'_>,
    ) -> Result<Vec<Begun>> {
        for claim in &claims {
            self.hook.claimed(claim);
        }
        self.hook.before("begin_attempts")?;
        let seen = |claim: &Claim| Seen { due_at: claim.due_at, deadline_at: claim.deadline_at };
        let seen: Vec<Seen> = claims.iter().map(seen).collect();
        let begun = self.inner.begin_attempts(claims, drafts, now, &|place, facts: &Facts| {
            self.hook.guards(&|facts: &Facts| rule(place, facts), &seen[place], facts)
        });
        self.hook.changed(&*self.inner);
        begun
    }

    fn armed_files(&self) -> Option<PathBuf> {
        self.inner.armed_files()
    }

    fn record_all(
        &self,
        replies: &[(AttemptId, &Reply)],
        now: Timestamp,
        rule: ReplyRule<'_>,
    ) -> Result<Vec<Recorded>> {
        self.hook.before("record_all")?;
        self.hook.recording(replies.len())?;
        let done = self.inner.record_all(replies, now, &|place, facts: &AfterFacts| {
            self.hook.after(&|facts: &AfterFacts| rule(place, facts), replies[place].1, facts)
        });
        self.hook.changed(&*self.inner);
        done
    }

    fn hear(&self, heard: &[Heard], now: Timestamp, rule: HearRule<'_>) -> Result<Vec<Option<HeardOutcome>>> {
        self.hook.before("hear")?;
        self.hook.hearing(heard)?;
        let done = self.inner.hear(heard, now, &|heard: &Heard, told: &[Told]| self.hook.answers(rule, heard, told));
        self.hook.changed(&*self.inner);
        done
    }

    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>> {
        self.hook.before("rehearsal")?;
        self.inner.rehearsal(now).map(|copy| self.hook.rehearsed(copy))
    }
}
