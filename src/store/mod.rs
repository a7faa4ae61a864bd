//! The store port: one method = one transaction = one thing that happens.
//!
//! Rules come in as functions and run *inside* the transaction: the store reads the facts, asks the pure rule, and
//! writes the attempt or the reason for refusing before anybody else can change the facts. A rule must be pure, since
//! a store may have to run its transaction again. `now` is always a parameter, never the database's clock.
//!
//! A store must never have two open attempts of one kind to one phone; nor a step `RUNNING` without exactly one open
//! attempt, or the reverse. It changes a state by compare-and-set only, and reopens nothing that is final,
//! but for a person who is back in the config, and for what a tick closed by a clock that was ahead.
//!
//! A meeting may stand in several calendars of its person. Each calendar that has it *holds* it; at most one of them
//! *owns* it, and the owner's copy counts. A rule (`rules::agenda`) says what a look at a calendar changes; the store
//! does it.
//!
//! A second database is one folder beside [`sqlite`] and one line that runs the conformance suite (`tests/store/`).

mod agenda;
mod history;
mod packed;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "postgres")]
mod rows;
mod sql;
pub mod sqlite;
mod types;
mod views;

pub use agenda::*;
pub use history::*;
pub use types::*;
pub use views::*;

use crate::model::{
    AttemptId, CalendarId, CallReport, HangUpState, Heard, IncidentId, ListedCall, MeetingId, Reply, SeenAgenda,
    StepId, TickId, Timestamp, Waiting,
};
use crate::owner::Mark;
use std::path::PathBuf;
use std::time::Duration;

/// Why the store could not do it. Each of these ends in exit code 3, and in no call: an attempt that cannot be written
/// down is not made.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database at the path, and this command does not make one.
    #[error("there is no savehub database at {}; `savehub tick` or `savehub meeting add` makes one", crate::model::path_text(.0))]
    Missing(std::path::PathBuf),
    /// The file is not ours, is newer, is corrupt, or cannot be opened or written. The text says which and what to do.
    #[error("{0}")]
    Unusable(String),
    /// Others kept the database locked for longer than we wait.
    #[error("the database is busy: another process kept it locked for {0:?}")]
    Busy(Duration),
    /// The thing named is not there (any more). The text names it.
    #[error("{0}")]
    NotFound(String),
    /// The thing named is there, but this cannot be done to it. The text says why.
    #[error("{0}")]
    Conflict(String),
    /// A statement failed: a bug, or a database changed by hand.
    #[error("database error in {what}: {detail}")]
    Statement {
        /// The use case.
        what: &'static str,
        /// The database's words.
        detail: String,
    },
}

/// The result of every method of a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Everything that happens to incidents, steps and attempts.
pub trait Store: Send + Sync {
    // --- meetings ---

    /// Adds a meeting, or answers `Conflict` when this person already has one with the same UID and recurrence.
    fn add_meeting(&self, new: &NewMeeting, now: Timestamp) -> Result<Meeting>;

    /// Moves a meeting that was added by hand (`Conflict` for one that comes from a calendar). An open incident and its
    /// pending steps end as `CANCELLED(meeting_moved)`, its calls are to be hung up, and the new start gets an incident
    /// of the next generation. Without `ends_at` the meeting keeps its length. If the start stays as it is, only the
    /// end changes.
    fn move_meeting(
        &self,
        id: MeetingId,
        starts_at: Timestamp,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Changed>;

    /// Calls a meeting off, with the same effect on its incident; no calendar plans it again. `Conflict` when it was
    /// called off before.
    fn cancel_meeting(&self, id: MeetingId, now: Timestamp) -> Result<Changed>;

    /// Meetings that end or start after `since` and start before `until`, earliest first; cancelled ones too.
    fn meetings(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Meeting>>;

    /// The meeting with this id.
    fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>>;

    // --- calendars ---

    /// Brings the known people in line with those of the config. If the `fingerprint` is that of the last time, nothing
    /// else is read. An id that changes while the number stays takes everything along, calendars as `rekey` says. Of
    /// people who are back, the incidents that ended as `CANCELLED(person_removed)` and whose start is ahead are open
    /// again. A tick does this before [`Self::open_incidents`], which ends the incidents of those who left.
    fn sync_people(
        &self,
        wanted: &[PersonDraft],
        fingerprint: &str,
        rekey: RekeyRule<'_>,
        now: Timestamp,
    ) -> Result<PeopleSynced>;

    /// Brings the calendars in line with those of the config. If the `fingerprint` is that of the last time, nothing
    /// else is read. The future meetings of a calendar that is gone are handed to another one that holds them, or end
    /// as `CANCELLED(calendar_removed)`. A tick does this after [`Self::open_incidents`], which says first that a
    /// person was removed.
    fn sync_calendars(&self, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Result<CalendarsSynced>;

    /// The calendars to look at now: every file (if `files` are asked for), and at most `limit` due subscriptions, the
    /// longest overdue first. Only subscriptions are leased.
    fn due_calendars(&self, asked: &LookAt) -> Result<Vec<DueCalendar>>;

    /// How many subscriptions were due before `then` and have not been looked at by any tick.
    fn calendars_behind(&self, then: Timestamp) -> Result<u64>;

    /// The last good copy as it came. `None`: there is none, it is longer than `longest` bytes, or damaged; then ask for
    /// the whole calendar.
    fn calendar_body(&self, id: CalendarId, longest: usize) -> Result<Option<Vec<u8>>>;

    /// Writes looks down and ends their leases, all in one transaction. When a copy was expanded, the calendar's meetings
    /// change as its rule says. Compare-and-set: a look that ends after a later one changes nothing.
    fn record_looks(&self, looks: &[LookToRecord<'_>]) -> Result<Vec<AgendaRecorded>>;

    /// The same for one look.
    fn record_look(
        &self,
        id: CalendarId,
        look: &LookDone,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded> {
        let recorded = self.record_looks(&[LookToRecord { id, look, now, rule }])?;
        Ok(recorded.into_iter().next().unwrap_or_default())
    }

    /// `savehub import`: adds, moves and calls off meetings by what a file says, once. They count as added by hand, under
    /// the name `source`; those that a calendar owns are left alone, and what is not in the file stays.
    fn import_agenda(
        &self,
        person: &str,
        source: &str,
        seen: &SeenAgenda,
        now: Timestamp,
        rule: AgendaRule<'_>,
    ) -> Result<AgendaRecorded>;

    // --- the tick, in its order ---

    /// Writes the tick's own row first: a database that cannot be written shows now, not when a call is due.
    fn begin_tick(&self, start: &TickStart) -> Result<TickBegun>;

    /// Ends open attempts whose owner is gone or whose time is over, as `rule` says; marks queued calls to be cancelled
    /// once the last meeting they name has started.
    fn settle(&self, now: Timestamp, rule: SettleRule<'_>) -> Result<Vec<StepResult>>;

    /// What the paths of the files begin with in which processes of this host say which of their requests have begun;
    /// `None`: there is no place for them, as in a rehearsal.
    fn armed_files(&self) -> Option<PathBuf>;

    /// The files that attempts without an answer name.
    fn armed(&self) -> Result<Vec<Mark>>;

    /// Opens an incident with its steps for each scheduled meeting that starts before `until` and has none for its
    /// generation; ends open incidents whose plan now says `Refuse` (a person who left the config).
    fn open_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened>;

    /// The same for what calendars have brought since: opens what has come into reach, and reads nothing else.
    fn open_new_incidents(&self, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Result<Opened>;

    /// Pending steps that are due, earliest deadline first.
    fn due_steps(&self, now: Timestamp, limit: usize) -> Result<Vec<Claim>>;

    /// The claim transaction: reads the facts of each claim, asks the guards in this order, and writes either the refusal
    /// with its reason or step `RUNNING` and attempt `SENDING`; all of it durably, or nothing. An earlier claim counts
    /// for a later one. Says what came of each, in this order.
    fn begin_attempts(
        &self,
        claims: Vec<Claim>,
        drafts: &[AttemptDraft<'_>],
        now: Timestamp,
        rule: QueueRule<'_>,
    ) -> Result<Vec<Begun>>;

    /// The same for one claim.
    fn begin_attempt(
        &self,
        claim: Claim,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        rule: GuardRule<'_>,
    ) -> Result<Begun> {
        let begun = self.begin_attempts(vec![claim], std::slice::from_ref(draft), now, &|_, facts| rule(facts))?;
        Ok(begun.into_iter().next().unwrap_or(Begun::Gone))
    }

    /// Ends due call steps that cannot start in time, as `unschedulable` says, in one transaction. Only steps that the
    /// guards would let pass now are counted. In each incident of a step that ended, the next rung of another kind
    /// becomes due. All drafts of a queue name the same provider, account and senders.
    fn shed(
        &self,
        queue: &[Queued<'_>],
        now: Timestamp,
        guards: QueueRule<'_>,
        unschedulable: CapacityRule<'_>,
    ) -> Result<Shed>;

    /// Ends a due step without an attempt; `None` when it is no longer pending.
    fn refuse(&self, claim: Claim, refusal: &Refusal, now: Timestamp) -> Result<Option<StepResult>>;

    /// An attempt without a step (`call-test`): same guards where they make sense, same record.
    fn begin_test_call(&self, draft: &AttemptDraft<'_>, now: Timestamp, rule: GuardRule<'_>) -> Result<Begun>;

    /// An attempt without a step that explains an answer to the person: at most one for each of these incidents, for
    /// ever (`Gone`: one of them had its text). It counts as a message for their meetings. The draft says its words
    /// about the meetings in the order of the incidents.
    fn begin_text(
        &self,
        incidents: &[IncidentId],
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        rule: TextRule<'_>,
    ) -> Result<Begun>;

    /// The facts for the fence, read right before a request is sent.
    fn fence(&self, attempt: AttemptId) -> Result<FenceFacts>;

    /// Writes down what came of attempts, and moves their steps as `rule` says: all of it in one transaction, or nothing.
    fn record_all(&self, replies: &[(AttemptId, &Reply)], now: Timestamp, rule: ReplyRule<'_>)
    -> Result<Vec<Recorded>>;

    /// The same for one attempt.
    fn record(&self, attempt: Attempt, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        self.record_late(attempt.id, reply, now, rule)
    }

    /// The same for a reply that arrives after the attempt was given up as unknown.
    fn record_late(&self, attempt: AttemptId, reply: &Reply, now: Timestamp, rule: AfterRule<'_>) -> Result<Recorded> {
        let recorded = self.record_all(&[(attempt, reply)], now, &|_, facts| rule(facts))?.pop();
        recorded.ok_or_else(|| StoreError::NotFound(format!("there is no attempt {attempt}")))
    }

    /// The senders of calls and messages that were refused since then; the code says whether that holds for the sender.
    fn refused_senders(&self, since: Timestamp) -> Result<Vec<RefusedFrom>>;

    /// Attempts to look for in the provider's list: all that are unknown, and those given up whose intent is younger than
    /// `watched_since`.
    fn doubtful(&self, watched_since: Timestamp) -> Result<Vec<Doubtful>>;

    /// Compares an attempt with the provider's list. `find` gets only the calls that no attempt knows. An attempt that
    /// was given up is left alone while another attempt to its number is open.
    fn reconcile(
        &self,
        attempt: AttemptId,
        list: &[ListedCall],
        now: Timestamp,
        rules: &ReconcileRules<'_>,
    ) -> Result<Recorded>;

    /// Preflight: when `find` chooses one of the listed calls that no attempt knows, the step of the claim is `EXECUTED`
    /// with it instead of being tried. So are other call steps of the person that were due when the call was created.
    /// `None`: nothing to adopt; the claim is still good.
    fn adopt(
        &self,
        claim: &Claim,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        find: PlacedRule<'_>,
    ) -> Result<Option<Recorded>>;

    /// Incidents that ended since then, before their meeting started.
    fn ended_since(&self, since: Timestamp) -> Result<Vec<EndedIncident>>;

    /// Writes down the calls that `choose` takes from those of the draft's list that no attempt knows: they were placed for
    /// this incident, which has ended, and are to be hung up.
    fn adopt_ended(
        &self,
        incident: &EndedIncident,
        draft: &AttemptDraft<'_>,
        now: Timestamp,
        choose: &dyn Fn(&[ListedCall]) -> Vec<Placed>,
    ) -> Result<Vec<LiveCall>>;

    /// Calls to look at: not final, or to be hung up, and due for a look at `now`.
    fn live_calls(&self, scope: CallScope, now: Timestamp) -> Result<Vec<LiveCall>>;

    /// Writes down what the provider says about calls: all of it in one transaction, or nothing. Statuses never go
    /// backwards. When a call has ended, the wish to hang it up becomes `DONE` (we ended it) or `MOOT`. What has failed
    /// brings the next rung of another kind forward, and where the target is refused, later rungs of its kind to it are
    /// `SKIPPED`. When a human has answered, the incidents whose person was called are `ACKNOWLEDGED`.
    fn record_reports(&self, reports: &[CallReported<'_>]) -> Result<Vec<Reported>>;

    /// The same for one call, whose wish to hang it up stays.
    fn record_report(
        &self,
        attempt: AttemptId,
        report: &CallReport,
        next: NextLook,
        answered_at: Option<Timestamp>,
    ) -> Result<Reported> {
        let reported = CallReported { attempt, report, next, answered_at, wish_over: false };
        Ok(self.record_reports(&[reported])?.pop().unwrap_or_default())
    }

    /// Moves a hang-up wish from `WANTED` to `to`; `false` when it was not wanted any more.
    fn record_hang_up(&self, attempt: AttemptId, to: HangUpState) -> Result<bool>;

    /// Puts off the next look at a call that could not be read.
    fn look_later(&self, attempt: AttemptId, next_look: Timestamp) -> Result<()>;

    /// Ends incidents nobody checked in for, prunes the call tracker and old history in small batches.
    fn close(&self, now: Timestamp, rule: &CloseRule) -> Result<Closed>;

    /// Completes the tick's own row.
    fn end_tick(&self, id: TickId, end: &TickEnd) -> Result<()>;

    /// A fault is there: says whether it is new, was last logged an hour ago or more, or is to be kept quiet.
    fn fault_seen(&self, key: &str, now: Timestamp) -> Result<FaultNews>;

    /// A fault is gone; `true` when it was there.
    fn fault_gone(&self, key: &str) -> Result<bool>;

    /// The open incidents that an answer may be meant for, since something was sent for them. Earliest start first.
    fn waiting(&self) -> Result<Vec<Waiting>>;

    /// Uses inbound answers, one after the other in one transaction: writes each down, and changes the incidents that are
    /// still open as `rule` says. `None`: it was used before.
    fn hear(&self, heard: &[Heard], now: Timestamp, rule: HearRule<'_>) -> Result<Vec<Option<HeardOutcome>>>;

    // --- people and operators ---

    /// Ends the meeting's incident (opening it for that purpose when there is none yet), cancels pending steps and
    /// marks every call that is not final to be hung up, except one that also names a meeting that is still open.
    fn check_in(&self, meeting: MeetingId, how: CheckIn, now: Timestamp) -> Result<Ended> {
        let ended = self.check_in_all(&[meeting], how, now)?;
        ended.into_iter().next().ok_or_else(|| StoreError::NotFound(format!("there is no meeting {meeting}")))
    }

    /// The same for several meetings of a person, in one transaction and as one act.
    fn check_in_all(&self, meetings: &[MeetingId], how: CheckIn, now: Timestamp) -> Result<Vec<Ended>>;

    /// Takes back the last act of a person that still stands: check-in, call back, resolve, call-off or move, by whatever
    /// way it came. It reopens nothing: the incident that had ended becomes `CANCELLED(undone)`, and the next generation
    /// gets the steps that `rule` lets come again. `None`: nothing was done in that time.
    fn undo(&self, scope: &UndoScope<'_>, rule: UndoRule<'_>) -> Result<Option<Undone>>;

    /// Ends an incident whose person is in the meeting, as `presence_command` says: like a check-in, with its own reason.
    fn present(&self, incident: IncidentId, now: Timestamp) -> Result<Ended>;

    /// `OPEN` or `ESCALATING` -> `ACKNOWLEDGED`; `false` when the incident was neither.
    fn acknowledge(&self, incident: IncidentId, how: &Acknowledgement, now: Timestamp) -> Result<bool>;

    /// Ends an incident on behalf of an operator, the same way; running calls are ended too.
    fn resolve(&self, incident: IncidentId, note: Option<&str>, now: Timestamp) -> Result<Ended>;

    /// Begins a pause (guard 7). It replaces an earlier pause of the same people. Nothing new is sent, not even for
    /// steps that are claimed already; requests under way go on.
    fn pause(&self, new: &NewPause, now: Timestamp) -> Result<PauseView>;

    /// Ends the pause of this person, or everybody's; neither changes the other. Returns what held until now.
    fn resume(&self, person: Option<&str>, now: Timestamp) -> Result<Vec<PauseView>>;

    // --- upkeep ---

    /// Deletes what was over before `until`, at most `limit` incidents and a few times as many other rows, in one short
    /// transaction: ask again until nothing is left. What is open, may still ring or is to be hung up stays.
    fn forget(&self, until: Timestamp, limit: u32) -> Result<Forgotten>;

    /// What [`Self::forget`] would delete in all.
    fn forgettable(&self, until: Timestamp) -> Result<Forgotten>;

    // --- reading ---

    /// Pauses that hold, everybody's first.
    fn pauses(&self, now: Timestamp) -> Result<Vec<PauseView>>;

    /// Ticks that started since then, newest first, at most so many.
    fn recent_ticks(&self, since: Timestamp, limit: usize) -> Result<Vec<TickSeen>>;

    /// What a monitoring system counts. Its cost does not grow with history.
    fn gauges(&self, now: Timestamp) -> Result<Gauges>;

    /// Everything `status` shows.
    fn snapshot(&self, now: Timestamp, since: Timestamp, until: Timestamp) -> Result<Snapshot>;

    /// Everything `report` is made of: what happened in a stretch of time, counted by day or by person.
    fn tally(&self, asked: &TallyScope) -> Result<Tally>;

    /// Everything that happened for a meeting; `None`: there is no such meeting (any more).
    fn history(&self, meeting: MeetingId) -> Result<Option<History>>;

    /// The meeting an incident is about; `None`: there is no such incident (any more).
    fn meeting_of(&self, incident: IncidentId) -> Result<Option<MeetingId>>;

    /// What a plan shows of these steps, in their order; `None`: there is no such step (any more).
    fn outlines(&self, steps: &[StepId]) -> Result<Vec<Option<StepOutline>>>;

    /// What comes next; incidents whose meeting started before `started_since` are left out.
    fn ahead(&self, started_since: Timestamp) -> Result<Ahead>;

    /// A copy in memory of what ticks from `now` on can touch, to be changed without a trace: for `--dry-run` and plans.
    /// It holds nothing that has been over for days.
    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>>;
}
