//! The model's numbers: a config as savehub could have it, in units of 15 s, and what is taken away from the protocol.

use savehub::config::EngineConfig;
use savehub::model::{RungKind, Target, Timestamp};
use savehub::rules::guard::GuardConfig;
use savehub::rules::settle::OnUnknown;
use std::time::Duration;

/// One unit of the model's time.
const UNIT_MS: i64 = 15_000;

/// By this time after its attempt was written a request has ended.
pub(crate) const ENDS_WITHIN: u8 = 2;
/// Assumption (A): so long after the fence was passed the bytes have left. It is the whole request's limit.
pub(crate) const BYTES_LEAVE_WITHIN: u8 = 1;
pub(crate) const SETTLE: u8 = 1;
/// More than twice `ENDS_WITHIN`.
pub(crate) const LEASE: u8 = 5;
pub(crate) const RING_TIMEOUT: u8 = 1;
/// A call blocks its number for the ring time-out and 15 s.
pub(crate) const RINGS: u8 = RING_TIMEOUT + 1;
/// `[guards]`: the time between two calls to one number.
pub(crate) const NUMBER_GAP: u8 = 2;
/// The meeting starts, and the critical window closes. The window is open from the first rung on.
pub(crate) const START: u8 = 8;
/// Time stops here: the lease of the last attempt is over, the last request has settled. Everything that is still to be
/// done can be done now.
pub(crate) const LAST_LOOK: u8 = START + LEASE;
/// No end: for what an assumption would bound.
pub(crate) const NEVER: u8 = u8::MAX;

/// The config behind these numbers, as savehub reads it.
pub(crate) fn engine() -> EngineConfig {
    EngineConfig {
        ring_timeout: span(RING_TIMEOUT),
        request_timeout: Duration::from_secs(13),
        hard_timeout: span(ENDS_WITHIN),
        lease: span(LEASE),
        settle: span(SETTLE),
        tick_limit: Duration::from_secs(60),
        parallel: 16,
        grace: Duration::ZERO,
        retention: None,
        preflight: false,
        on_unknown: OnUnknown::Hold,
    }
}

/// A time of the model as the rules want it: wall time. Boot time runs beside it from zero.
pub(crate) fn wall(units: u8) -> Timestamp {
    Timestamp::from_ms(1_000_000_000 + boot(units))
}

pub(crate) fn boot(units: u8) -> i64 {
    i64::from(units) * UNIT_MS
}

pub(crate) fn span(units: u8) -> Duration {
    Duration::from_millis(boot(units).unsigned_abs())
}

/// The first unit at or after a wall time.
pub(crate) fn unit_of(at: Timestamp) -> u8 {
    let units = (at.since(wall(0)).max(0) + UNIT_MS - 1) / UNIT_MS;
    u8::try_from(units).unwrap_or(NEVER)
}

/// What is taken away from the protocol, or from what it assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// (A) After the fence the bytes leave in time: a process may stand still between the two for as long as it likes.
    PromptBytes,
    /// (B) `ABSENT` only when no request can be in flight: it is declared by the first list that lacks the call.
    Patience,
    /// (C) The list is complete after the settle time: it may lack a call for ever.
    WholeList,
    /// (D) The fence is performed: it is skipped.
    Fence,
    /// The fence's time limit: it asks only that half of the lease is left.
    SendBy,
    /// The residual of the promises: the provider may make its call later than the settle time.
    SettledProvider,
}

/// What a search looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    Everything,
    /// Two calls for one step.
    TwoCalls,
    /// More calls than the limit.
    Limit,
    /// Calls of an ended incident that nobody is to hang up.
    HangUps,
    /// A call that is taken for another attempt's.
    Owners,
}

/// One world the protocol is run in.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    /// When each call rung falls due.
    pub(crate) rungs: Vec<u8>,
    pub(crate) max_calls: u32,
    pub(crate) on_unknown: OnUnknown,
    pub(crate) without: Option<Without>,
    /// A kind world: whatever can be done is done before time passes, the list can be read, nobody checks in, and only
    /// so many requests are lost, connections refused or processes killed. `None`: anything may happen at any time.
    pub(crate) misfortunes: Option<u8>,
    /// At most one of the two ticks has a list that it has not read, and nobody refuses: connections are made, and the
    /// provider is never at its limit. For searches that would be too large for every test run.
    pub(crate) smaller: bool,
    /// It is one person's part of a world in which claims and outcomes are written in sets (`sets.rs`).
    pub(crate) in_sets: bool,
    pub(crate) watch: Watch,
    pub(crate) phone: Target,
    pub(crate) guards: GuardConfig,
}

impl Protocol {
    pub(crate) fn new(rungs: &[u8], max_calls: u32) -> Self {
        Self {
            rungs: rungs.to_vec(),
            max_calls,
            on_unknown: OnUnknown::Hold,
            without: None,
            misfortunes: None,
            smaller: false,
            in_sets: false,
            watch: Watch::Everything,
            phone: Target::read(RungKind::Call, "+12025550101").unwrap(),
            guards: GuardConfig {
                critical_window: span(START),
                max_calls,
                number_gap: span(NUMBER_GAP),
                ..GuardConfig::default()
            },
        }
    }

    pub(crate) fn without(self, what: Without) -> Self {
        Self { without: Some(what), ..self }
    }

    pub(crate) fn smaller(self) -> Self {
        Self { smaller: true, ..self }
    }

    pub(crate) fn watching(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    pub(crate) fn with_misfortunes(self, misfortunes: u8) -> Self {
        Self { misfortunes: Some(misfortunes), ..self }
    }

    pub(crate) fn lacks(&self, what: Without) -> bool {
        self.without == Some(what)
    }

    pub(crate) fn is_kind(&self) -> bool {
        self.misfortunes.is_some()
    }
}
