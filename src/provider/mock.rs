//! The mock phone: the product's own rehearsal provider. It never touches the network.
//!
//! It keeps nothing: the id of a mock call carries its outcome and its time, so that another process can tell what has
//! become of the call from its own `now` alone.

use super::{Gate, Provider, ProviderError};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, Doubt, HangUp, MESSAGE_CUT, MockOutcome, NotSent, NotSentCause, Outcome,
    Pace, ProviderKind, Reply, ReplyMeta, Request, RungKind, Timestamp, cut, printable,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The account of mock calls.
pub const MOCK_ACCOUNT: &str = "mock";

/// The number mock calls come from: fictional (555-01XX is reserved for it).
pub const MOCK_FROM: &str = "+12025550100";

/// The mock phone.
#[derive(Debug)]
pub struct Mock {
    outcomes: Vec<MockOutcome>,
    placed: AtomicUsize,
    pace: Option<Pace>,
}

impl Mock {
    /// The first call of this process gets the first outcome, and so on; the last one repeats. Empty: `no-answer`.
    pub fn new(outcomes: &[MockOutcome]) -> Self {
        let outcomes = if outcomes.is_empty() { vec![MockOutcome::NoAnswer] } else { outcomes.to_vec() };
        Self { outcomes, placed: AtomicUsize::new(0), pace: None }
    }

    /// The same, its calls started at this pace: for rehearsals.
    #[must_use]
    pub fn paced(self, pace: Option<Pace>) -> Self {
        Self { pace, ..self }
    }

    fn next(&self) -> MockOutcome {
        let index = self.placed.fetch_add(1, Ordering::SeqCst).min(self.outcomes.len() - 1);
        self.outcomes[index]
    }
}

impl Provider for Mock {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    fn account(&self) -> &str {
        MOCK_ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        vec![Address::read(MOCK_FROM)]
    }

    fn pace(&self) -> Option<Pace> {
        self.pace
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let outcome = |request: &Request| match request.to.kind {
            RungKind::Call => self.ring(request),
            kind => deliver(kind, request),
        };
        match gate.pass() {
            Ok(()) => Reply { outcome: outcome(request), meta: ReplyMeta::default() },
            Err(reason) => Reply::fenced(reason),
        }
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        let message = || sid.starts_with(MOCK_SMS).then(|| CallReport::of(CallStatus::Delivered));
        MockCall::read(sid).map(|call| call.report(now)).or_else(message).ok_or(ProviderError::NotFound)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        let call = MockCall::read(sid).ok_or(ProviderError::NotFound)?;
        let mut report = call.report(now);
        match (report.status, how) {
            (CallStatus::Queued | CallStatus::Ringing, _) => report.status = CallStatus::Canceled,
            (CallStatus::InProgress, HangUp::Completed) => {
                report.status = CallStatus::Completed;
                report.duration_s = u32::try_from(call.age_s(now) - call.answered_after_s()).ok();
            }
            _ => {}
        }
        Ok(report)
    }
}

impl Mock {
    fn ring(&self, call: &Request) -> Outcome {
        let outcome = self.next();
        log::info!("[CALL][MOCK] Mock call initiated");
        log::info!("[CALL][MOCK] To={}", call.to);
        log::info!("[CALL][MOCK] Message=\"{}\"", cut(&printable(&call.message), MESSAGE_CUT));
        let sid = MockCall { outcome, intent_at: call.intent_at }.sid(&call.token);
        match outcome {
            MockOutcome::Refused => {
                let detail = "the mock provider refused the connection".into();
                Outcome::NotSent(NotSent { cause: NotSentCause::Connect, detail })
            }
            MockOutcome::Timeout => Outcome::Unknown(Doubt { detail: "the mock provider did not answer".into() }),
            MockOutcome::LostReply => Outcome::Unknown(Doubt { detail: "the mock provider's reply was lost".into() }),
            MockOutcome::Answered | MockOutcome::Busy | MockOutcome::NoAnswer | MockOutcome::Voicemail => {
                log::info!("[CALL][MOCK] Mock call SID={}", printable(&sid));
                Outcome::Accepted(Accepted { sid, status: CallStatus::Queued })
            }
        }
    }
}

/// The ids of mock messages begin so.
const MOCK_SMS: &str = "MOCK-sms-";

/// Every mock message and mail arrives, every mock webhook answers, every mock command runs.
fn deliver(kind: RungKind, request: &Request) -> Outcome {
    log::info!("[CALL][MOCK] Mock {kind} taken");
    log::info!("[CALL][MOCK] To={}", request.to);
    log::info!("[CALL][MOCK] Message=\"{}\"", cut(&printable(&request.message), MESSAGE_CUT));
    let status = if kind == RungKind::Sms { CallStatus::Queued } else { CallStatus::Done };
    Outcome::Accepted(Accepted { sid: format!("MOCK-{kind}-{}", request.token), status })
}

/// What the id of a mock call says.
struct MockCall {
    outcome: MockOutcome,
    intent_at: Timestamp,
}

impl MockCall {
    /// `MOCK-<token>-<outcome>-<intent in ms>`.
    fn sid(&self, token: &str) -> String {
        format!("MOCK-{token}-{}-{}", self.outcome, self.intent_at.ms())
    }

    /// `None` for an id that is not ours, and for calls that were never made.
    fn read(sid: &str) -> Option<Self> {
        let (rest, ms) = sid.strip_prefix("MOCK-")?.rsplit_once('-')?;
        let outcome = *MockOutcome::ALL
            .iter()
            .find(|o| rest.strip_suffix(o.as_str()).is_some_and(|token| token.ends_with('-')))?;
        let exists = !matches!(outcome, MockOutcome::Refused | MockOutcome::Timeout);
        exists.then_some(Self { outcome, intent_at: Timestamp::from_ms(ms.parse().ok()?) })
    }

    fn age_s(&self, now: Timestamp) -> i64 {
        now.since(self.intent_at) / 1000
    }

    const fn answered_after_s(&self) -> i64 {
        match self.outcome {
            MockOutcome::Answered => 6,
            MockOutcome::Voicemail => 20,
            _ => 0,
        }
    }

    fn report(&self, now: Timestamp) -> CallReport {
        use CallStatus::{Busy, Completed, InProgress, NoAnswer, Queued, Ringing};
        let (status, duration_s, answered_by) = match (self.outcome, self.age_s(now)) {
            (MockOutcome::Busy, 2..) => (Busy, None, None),
            (MockOutcome::Busy, _) | (_, ..1) => (Queued, None, None),
            (MockOutcome::Answered, 18..) => (Completed, Some(12), Some("human")),
            (MockOutcome::Answered, 6..) => (InProgress, None, Some("human")),
            (MockOutcome::Voicemail, 30..) => (Completed, Some(10), Some("machine_start")),
            (MockOutcome::Voicemail, 20..) => (InProgress, None, Some("machine_start")),
            (MockOutcome::Answered | MockOutcome::Voicemail, _) | (_, ..25) => (Ringing, None, None),
            _ => (NoAnswer, None, None),
        };
        let answered_by = answered_by.map(str::to_owned);
        let rang_s = (status == NoAnswer).then_some(24);
        CallReport { duration_s, rang_s, answered_by, ..CallReport::of(status) }
    }
}
