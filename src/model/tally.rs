//! What `report` counts: rows that are alike, counted together.

use super::{AttemptState, CallStatus, IncidentState, Reason, RungKind, Timestamp};

/// What to count, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyScope {
    /// From this time on.
    pub since: Timestamp,
    /// Before this time.
    pub until: Timestamp,
    /// One group for each of these.
    pub by: TallyBy,
}

/// What the groups of a tally are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TallyBy {
    /// Stretches of time, such as days: where each begins, ascending, the first at `since`. Each ends where the next
    /// one begins, the last at `until`.
    Days(Vec<Timestamp>),
    /// The people.
    Person,
}

/// One group of a tally.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// The position in [`TallyBy::Days`].
    Day(usize),
    /// The id of a person, or `call-test`.
    Person(String),
}

/// Everything `report` is made of, counted in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts, by the time of their intent.
    pub attempts: Vec<AttemptTally>,
    /// Steps without an attempt, since a guard said no, of incidents that ended in the time.
    pub refused: Vec<RefusedTally>,
    /// Incidents, by the time they ended.
    pub incidents: Vec<IncidentTally>,
    /// How late first attempts to call were, over the whole time.
    pub delays: Vec<DelayTally>,
}

/// Attempts that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that tells rows apart")]
pub struct AttemptTally {
    /// When, or of whom.
    pub group: Group,
    /// By the mock phone or in test mode: nothing was really sent.
    pub rehearsed: bool,
    /// By `call-test`: without a step.
    pub test: bool,
    /// What it was.
    pub kind: RungKind,
    /// State.
    pub state: AttemptState,
    /// Last known status of the call.
    pub call_status: Option<CallStatus>,
    /// `human`, `machine_start`, ….
    pub answered_by: Option<String>,
    /// The provider's error code.
    pub error_code: Option<u32>,
    /// HTTP status of a refusal without a code.
    pub http_status: Option<u16>,
    /// Refused because the provider was at its limit.
    pub capacity: bool,
    /// The fence held it back: nothing was tried.
    pub held_back: bool,
    /// Not the first attempt of its step.
    pub retry: bool,
    /// Price as the provider writes it.
    pub price: Option<String>,
    /// Currency of the price.
    pub price_unit: Option<String>,
    /// The words of one that failed.
    pub error: Option<String>,
    /// How many.
    pub count: u64,
}

/// Steps that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedTally {
    /// When their incident ended, or whose.
    pub group: Group,
    /// Their incident was served by the mock phone or in test mode.
    pub rehearsed: bool,
    /// What they were.
    pub kind: RungKind,
    /// Why.
    pub reason: Reason,
    /// How many.
    pub count: u64,
}

/// Incidents that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentTally {
    /// When they ended, or whose.
    pub group: Group,
    /// Served by the mock phone or in test mode.
    pub rehearsed: bool,
    /// State.
    pub state: IncidentState,
    /// Why they ended.
    pub reason: Reason,
    /// A human had answered, replied or called back.
    pub acknowledged: bool,
    /// Rungs `call` that were carried out for each.
    pub calls: u32,
    /// How many.
    pub count: u64,
}

/// First attempts to call that were equally late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelayTally {
    /// By the mock phone or in test mode.
    pub rehearsed: bool,
    /// From the due time of the step to the attempt, in milliseconds, cut to tenths of a second; never below 0.
    pub ms: u64,
    /// How many.
    pub count: u64,
}
