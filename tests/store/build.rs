//! The language of the suite: a store on a bench, and short ways to bring it where a fact begins.

use crate::checked::{Checked, everything};
use savehub::model::{
    Accepted, Action, Address, AttemptId, AttemptState, CallReport, CallStatus, Doubt, MeetingId, MeetingWords,
    NotSent, NotSentCause, Outcome, Phone, PlannedStep, ProviderKind, Reason, Rejection, RejectionClass, Reply,
    ReplyMeta, StepState, Target, Timestamp,
};
use savehub::owner::Owner;
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{
    AfterFacts, Attempt, AttemptDraft, AttemptView, Begun, CallScope, Claim, CloseRule, Facts, GuardRule, IncidentView,
    Line, LiveCall, Meeting, NewMeeting, NextLook, Opened, Plan, Recorded, Refusal, Settle, Slot, StepNext, StepResult,
    StepView, Store, Verdict,
};
use std::cell::RefCell;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Second 0 of every fact.
const ZERO_MS: i64 = 1_795_338_000_000;

/// When the rungs of the ladder are due, in seconds before the start.
pub(crate) const LADDER: [i64; 2] = [180, 60];

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("savehub.db")
}

/// So many seconds after second 0.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(ZERO_MS + seconds * 1000)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A store in the state a fact brings it to.
pub(crate) struct Bench {
    store: Checked,
    tokens: AtomicU32,
    place: Database,
}

/// Where it is.
#[derive(Clone)]
enum Database {
    Memory,
    File(Arc<TempDir>),
    #[cfg(feature = "postgres")]
    Server(Arc<crate::postgres::Database>),
}

impl Database {
    fn open(&self, create: Create) -> Box<dyn Store> {
        match self {
            Self::Memory => Box::new(SqliteStore::in_memory().unwrap()),
            Self::File(dir) => Box::new(SqliteStore::open(&file(dir), create).unwrap()),
            #[cfg(feature = "postgres")]
            Self::Server(database) => Box::new(database.open(create)),
        }
    }
}

impl Deref for Bench {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

impl Bench {
    fn new(place: Database, create: Create) -> Self {
        Self { store: Checked::new(place.open(create)), tokens: AtomicU32::new(0), place }
    }

    /// SQLite in a file.
    pub(crate) fn on_disk() -> Self {
        Self::new(Database::File(Arc::new(tempfile::tempdir().unwrap())), Create::Yes)
    }

    /// SQLite in memory.
    pub(crate) fn in_memory() -> Self {
        Self::new(Database::Memory, Create::Yes)
    }

    /// A database of its own on a PostgreSQL server. `None`: there is no server here.
    #[cfg(feature = "postgres")]
    pub(crate) fn on_postgres() -> Option<Self> {
        Some(Self::new(Database::Server(Arc::new(crate::postgres::cluster()?.database())), Create::Yes))
    }

    /// The same database, opened once more, as by another process.
    pub(crate) fn another_handle(&self) -> Self {
        Self::new(self.place.clone(), Create::No)
    }

    /// Runs a statement beside savehub, as by hand.
    pub(crate) fn by_hand(&self, statement: &str) {
        match &self.place {
            Database::Memory => panic!("nobody else can open it"),
            Database::File(dir) => rusqlite::Connection::open(file(dir)).unwrap().execute_batch(statement).unwrap(),
            #[cfg(feature = "postgres")]
            Database::Server(database) => drop(database.sql(statement)),
        }
    }

    pub(crate) fn closed_and_opened_again(self) -> Self {
        let place = self.place.clone();
        drop(self);
        Self::new(place, Create::No)
    }

    /// Adds a meeting that starts at second `start`.
    pub(crate) fn add(&self, person: &str, uid: &str, start: i64) -> Meeting {
        self.add_meeting(&new_meeting(person, uid, start), at(0)).unwrap()
    }

    /// Opens what starts before second `until`, each with the whole ladder.
    pub(crate) fn open(&self, now: i64, until: i64) -> Opened {
        self.open_incidents(at(now), at(until), &watch).unwrap()
    }

    /// A meeting that starts at second `start` and is watched since second 0.
    pub(crate) fn watched(&self, person: &str, uid: &str, start: i64) -> Meeting {
        let meeting = self.add(person, uid, start);
        assert_eq!(self.open(0, start + 1).opened.len(), 1);
        meeting
    }

    /// UID and rung of what is due.
    pub(crate) fn due(&self, now: i64) -> Vec<(String, u32)> {
        self.due_steps(at(now), 100).unwrap().iter().map(|c| (c.words.uid.clone(), c.rung)).collect()
    }

    /// The claim of the first due step of the meeting `uid`.
    pub(crate) fn claim(&self, uid: &str, now: i64) -> Claim {
        self.due_steps(at(now), 100).unwrap().into_iter().find(|c| c.words.uid == uid).expect("a due step")
    }

    /// A draft for `person`, with a token of its own.
    pub(crate) fn draft(&self, person: &str, now: i64) -> AttemptDraft<'static> {
        AttemptDraft {
            token: format!("token-{}", self.tokens.fetch_add(1, Ordering::Relaxed)),
            person: person.to_owned(),
            to: Target::call(phone_of(person)),
            senders: vec![Address::read("+12025550199")],
            provider: ProviderKind::Twilio,
            account: "AC-first".to_owned(),
            owner: owner(),
            armed: None,
            lease_until_boot_ms: 120_000,
            intent_boot_ms: 5_000,
            request_deadline_at: at(now + 20),
            deadline_boot_ms: 25_000,
            calls_since: Timestamp::from_ms(at(now - 600).ms() + 1),
            day_since: Timestamp::from_ms(at(now - 86_400).ms() + 1),
            listed: Vec::new(),
            merge_until: at(now + 60),
            window: secs(238),
            say: &titles,
            slot: &free,
            saw: &saw,
        }
    }

    pub(crate) fn begin(&self, claim: Claim, now: i64, rule: GuardRule<'_>) -> Begun {
        let draft = self.draft(&claim.person, now);
        self.begin_attempt(claim, &draft, at(now), rule).unwrap()
    }

    /// Writes an attempt for the first due step of the meeting `uid`.
    pub(crate) fn place(&self, uid: &str, now: i64) -> Attempt {
        attempt(self.begin(self.claim(uid, now), now, &always))
    }

    /// Writes an attempt for the meeting `uid` and lets the provider accept it as the call `sid`.
    pub(crate) fn call(&self, uid: &str, sid: &str, now: i64) -> AttemptId {
        let attempt = self.place(uid, now);
        let id = attempt.id;
        assert_eq!(self.accept(attempt, sid, now).state, AttemptState::Accepted);
        id
    }

    pub(crate) fn accept(&self, attempt: Attempt, sid: &str, now: i64) -> Recorded {
        self.record(attempt, &accepted(sid), at(now), &executed).unwrap()
    }

    /// The facts the guards are asked with, first for the claimed step; nothing is written.
    pub(crate) fn facts(&self, uid: &str, now: i64) -> Facts {
        let claim = self.claim(uid, now);
        let draft = self.draft(&claim.person, now);
        self.facts_with(claim, &draft, now)
    }

    pub(crate) fn facts_with(&self, claim: Claim, draft: &AttemptDraft<'_>, now: i64) -> Facts {
        let due_at = claim.due_at;
        let seen = RefCell::new(None);
        let begun = self
            .begin_attempt(claim, draft, at(now), &|facts| {
                if facts.step.as_ref().is_some_and(|s| s.due_at == due_at) {
                    seen.borrow_mut().get_or_insert_with(|| facts.clone());
                }
                Verdict::Wait(Reason::Paused)
            })
            .unwrap();
        assert!(matches!(begun, Begun::Waits(Reason::Paused)), "{begun:?}");
        seen.into_inner().expect("the rule is asked")
    }

    /// Calls of this meeting, as the guards see them.
    pub(crate) fn recent_calls(&self, uid: &str, now: i64) -> u32 {
        self.facts(uid, now).step.unwrap().recent_calls
    }

    /// Asks `rule` about every open attempt.
    pub(crate) fn settle_all(&self, now: i64, to: Settle) -> Vec<StepResult> {
        self.settle(at(now), &|_| to).unwrap()
    }

    /// Lets the attempt be given up: `UNKNOWN`, then `ABANDONED`.
    pub(crate) fn abandon_all(&self, now: i64) -> Vec<StepResult> {
        let unknown = self.settle_all(now, Settle::Unknown);
        assert_eq!(unknown, []);
        self.settle_all(now, Settle::Abandon)
    }

    /// The incident of the meeting's generation.
    pub(crate) fn incident(&self, meeting: MeetingId, generation: u32) -> IncidentView {
        let all = everything(&self.store).incidents;
        all.into_iter().find(|i| (i.meeting, i.generation) == (meeting, generation)).expect("an incident")
    }

    /// The step of the meeting's first generation.
    pub(crate) fn step(&self, meeting: MeetingId, rung: usize) -> StepView {
        self.incident(meeting, 1).steps.swap_remove(rung)
    }

    /// State and reason of the step of the meeting's first generation.
    pub(crate) fn fate(&self, meeting: MeetingId, rung: usize) -> (StepState, Option<Reason>) {
        let step = self.step(meeting, rung);
        (step.state, step.reason)
    }

    /// The attempt as it is shown.
    pub(crate) fn attempt(&self, id: AttemptId) -> AttemptView {
        let incidents = everything(&self.store).incidents;
        let mut attempts = incidents.into_iter().flat_map(|i| i.steps).flat_map(|s| s.attempts);
        attempts.find(|a| a.id == id).expect("an attempt")
    }

    pub(crate) fn live(&self, now: i64) -> Vec<LiveCall> {
        self.live_calls(CallScope::All, at(now)).unwrap()
    }

    /// Lets the provider say `status`; is it new?
    pub(crate) fn report(&self, id: AttemptId, status: CallStatus, now: i64) -> bool {
        self.record_report(id, &report(status), next(at(now + 5)), None).unwrap().news
    }
}

/// The process of every draft.
pub(crate) fn owner() -> Owner {
    Owner::new("0a-boot", 17, 99)
}

pub(crate) fn phone_of(person: &str) -> Phone {
    let last = match person {
        "ana" => "01",
        "bo" => "02",
        "cy" => "03",
        _ => "09",
    };
    Phone::parse(&format!("+120255501{last}")).unwrap()
}

pub(crate) fn new_meeting(person: &str, uid: &str, start: i64) -> NewMeeting {
    NewMeeting {
        person: person.to_owned(),
        uid: uid.to_owned(),
        recurrence: String::new(),
        title: format!("About {uid}"),
        starts_at: at(start),
        ends_at: None,
        link: Some("https://meet.example/1".to_owned()),
        source: "manual".to_owned(),
    }
}

/// The whole ladder for everybody.
pub(crate) fn watch(meeting: &Meeting) -> Plan {
    Plan::Watch(LADDER.iter().zip(0..).map(|(before, rung)| planned(meeting, rung, *before)).collect())
}

fn planned(meeting: &Meeting, rung: u32, before: i64) -> PlannedStep {
    let before = secs(before.unsigned_abs());
    let (start, due_at) = (meeting.starts_at, meeting.starts_at.minus(before));
    PlannedStep { rung, action: Action::call(before), due_at, deadline_at: start }
}

fn titles(words: &[MeetingWords]) -> String {
    words.iter().map(|w| w.title.as_str()).collect::<Vec<_>>().join(" and ")
}

/// Nobody keeps a pace, and the first number is taken.
pub(crate) fn free(_: &Line) -> Slot {
    Slot::Take { sender: 0, next: None }
}

/// What the guards saw.
fn saw(facts: &Facts) -> String {
    format!("calls: {}", facts.step.as_ref().map_or(0, |step| step.recent_calls))
}

/// The guard that lets everything through.
pub(crate) fn always(_: &Facts) -> Verdict {
    Verdict::Place
}

#[track_caller]
pub(crate) fn attempt(begun: Begun) -> Attempt {
    match begun {
        Begun::Attempt(attempt) => attempt,
        other => panic!("no attempt but {other:?}"),
    }
}

pub(crate) fn end(state: StepState, reason: Reason) -> StepNext {
    StepNext::End(Refusal::new(state, reason, format!("because of {reason}")))
}

/// `EXECUTED`, and `merged` where the call named another meeting first.
pub(crate) fn executed(facts: &AfterFacts) -> StepNext {
    end(StepState::Executed, if facts.merged { Reason::Merged } else { Reason::Initiated })
}

pub(crate) fn stay(_: &AfterFacts) -> StepNext {
    StepNext::Stay
}

fn reply(outcome: Outcome) -> Reply {
    let meta = ReplyMeta { request_id: Some("RQ-1".to_owned()), ..ReplyMeta::default() };
    Reply { outcome, meta }
}

pub(crate) fn accepted(sid: &str) -> Reply {
    reply(Outcome::Accepted(Accepted { sid: sid.to_owned(), status: CallStatus::Queued }))
}

pub(crate) fn rejected(class: RejectionClass) -> Reply {
    let message = "no such number".to_owned();
    reply(Outcome::Rejected(Rejection { class, code: Some(21_211), message, retry_after: None }))
}

pub(crate) fn not_sent() -> Reply {
    reply(Outcome::NotSent(NotSent { cause: NotSentCause::Dns, detail: "no such host".to_owned() }))
}

pub(crate) fn unknown() -> Reply {
    reply(Outcome::Unknown(Doubt { detail: "no answer within 20 s".to_owned() }))
}

pub(crate) fn report(status: CallStatus) -> CallReport {
    CallReport {
        status,
        duration_s: None,
        rang_s: None,
        answered_by: None,
        error_code: None,
        class: None,
        price: None,
        price_unit: None,
        skew_ms: None,
    }
}

/// Closes after five minutes, keeps everything.
pub(crate) fn close_rule() -> CloseRule {
    CloseRule { grace: secs(300), calls_per: secs(600), retention: None }
}

/// A call that nobody knows of: placed, unknown, given up.
/// Looks again then, and for no price.
pub(crate) const fn next(live: Timestamp) -> NextLook {
    NextLook { now: live, live: Some(live), price: None }
}

pub(crate) fn again(not_before: i64, spends_try: bool) -> impl Fn(&AfterFacts) -> StepNext {
    move |_| StepNext::Again { not_before: at(not_before), spends_try }
}

pub(crate) fn abandoned(b: &Bench, uid: &str, now: i64) -> AttemptId {
    let attempt = b.place(uid, now);
    let id = attempt.id;
    let _ = b.record(attempt, &unknown(), at(now), &stay).unwrap();
    assert_eq!(b.settle_all(now, Settle::Abandon).len(), 1);
    id
}
