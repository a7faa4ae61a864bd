//! The words of the provider port: the request, and its few possible outcomes.

use super::{Address, CallStatus, IncidentId, MeetingWords, StepId, Target, Timestamp, text_enum};
use std::time::Duration;

/// How a message is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// A voice of the provider, such as `Polly.Joanna`; `None` takes the provider's default.
    pub voice: Option<String>,
    /// A BCP 47 language tag, such as `en-US`; `None` leaves it to the voice.
    pub language: Option<String>,
}

impl Default for Voice {
    fn default() -> Self {
        Self { voice: None, language: Some("en-US".into()) }
    }
}

/// Everything a provider needs to reach one target once.
#[derive(Debug, Clone)]
pub struct Request {
    /// Unique per attempt; mock and test ids are made of it.
    pub token: String,
    /// The idempotency key: the token of the step's first attempt, the same for its repeats.
    pub key: String,
    /// Calendar UID of the meeting, for the log.
    pub event: String,
    /// Id of the person, for the log.
    pub user: String,
    /// Where it goes.
    pub to: Target,
    /// The sender, one of the provider's.
    pub from: Address,
    /// What is said, in full and as plain text.
    pub message: String,
    /// The subject, for channels that have one.
    pub subject: Option<String>,
    /// How it is said, for channels that speak.
    pub voice: Voice,
    /// How long the phone rings, for channels that ring.
    pub ring_timeout: Duration,
    /// Should the provider tell humans from machines?
    pub machine_detection: bool,
    /// What it is about, for channels that pass facts on.
    pub facts: RequestFacts,
    /// When the attempt was written down.
    pub intent_at: Timestamp,
}

/// What a request is about: the JSON of a webhook and the environment of a command are made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// The incident; `None` for a test.
    pub incident: Option<IncidentId>,
    /// The step; `None` for a test.
    pub step: Option<StepId>,
    /// What the person who is missing is called.
    pub name: String,
    /// The meetings, earliest start first; empty for a test.
    pub meetings: Vec<MeetingWords>,
}

impl FenceReason {
    /// Reads the reason back from the error of an attempt; `None`: it is another error.
    pub fn of_error(error: &str) -> Option<Self> {
        error.strip_prefix(FENCED)?.rsplit_once(": ")?.1.parse().ok()
    }

    /// Those by which no rule said no: this process was late, or could not read what it must ask. The step is tried
    /// again, as when there is no network.
    pub const NO_RULES: [Self; 3] = [Self::TooLate, Self::StoreFailed, Self::StopUnknown];

    /// Did a rule say no?
    pub const fn is_a_rule(self) -> bool {
        !matches!(self, Self::TooLate | Self::StoreFailed | Self::StopUnknown)
    }
}

/// The outcome of a request, with facts about the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The outcome.
    pub outcome: Outcome,
    /// Facts about the exchange.
    pub meta: ReplyMeta,
}

/// The beginning of an attempt's error when the fence held it back.
pub const FENCED: &str = "the fence refused";

impl Reply {
    /// Nothing left this machine.
    pub fn not_sent(cause: NotSentCause, detail: impl Into<String>) -> Self {
        let not_sent = NotSent { cause, detail: detail.into() };
        Self { outcome: Outcome::NotSent(not_sent), meta: ReplyMeta::default() }
    }

    /// The fence refused.
    pub fn fenced(reason: FenceReason) -> Self {
        Self::not_sent(NotSentCause::Fenced(reason), format!("{FENCED}: {reason}"))
    }
}

/// Facts about one HTTP exchange; none of them is secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplyMeta {
    /// HTTP status, when an answer came.
    pub http_status: Option<u16>,
    /// `Twilio-Request-Id` of the answer.
    pub request_id: Option<String>,
    /// The answer's `Date` minus our clock, in milliseconds (whole seconds, RFC 9110 section 5.6.7).
    pub skew_ms: Option<i64>,
    /// How long the exchange took, in milliseconds of monotonic time.
    pub elapsed_ms: u64,
    /// How long an accepted call waits in the provider's queue before it is dialled, as the provider estimates
    /// (Twilio's `queue_time`).
    pub queued_for: Option<Duration>,
    /// The provider's code for the address of `webhook_url`, if it refuses that: the call went out without it.
    pub callback_refused: Option<u32>,
}

/// The four things that can come of a request. `Unknown` never retries by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it and named the call.
    Accepted(Accepted),
    /// A complete refusal: certain that it was not processed.
    Rejected(Rejection),
    /// Certain that no byte of the body left this machine.
    NotSent(NotSent),
    /// The body may have left, and no complete 2xx or 4xx answer came back.
    Unknown(Doubt),
}

/// A call or message that exists at the provider, or a delivery that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of the call (`CA…`, `MOCK-…`, `TEST-…`); opaque.
    pub sid: String,
    /// Its first status.
    pub status: CallStatus,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What to do about it.
    pub class: RejectionClass,
    /// The provider's error code, such as 21211, when it gave one.
    pub code: Option<u32>,
    /// The provider's words, cleaned for a terminal, without secrets and full numbers.
    pub message: String,
    /// How long the provider asked to wait.
    pub retry_after: Option<Duration>,
}

text_enum! {
    /// Whose fault a refusal is, and so who must act.
    pub enum RejectionClass {
        /// Rate or concurrency: try again later.
        Capacity = "capacity",
        /// This number cannot be called: final for it.
        Callee = "callee",
        /// Credentials, account, our number or our request: nothing will work until somebody acts.
        Ours = "ours",
        /// A refusal savehub does not know: final for this step, nothing is concluded from it.
        Other = "other",
    }
}

/// A refusal that holds for the from number, not for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedSender {
    /// Nothing goes out from it.
    Itself,
    /// Nothing goes out from it to this target.
    ForThisTarget,
}

/// Nothing left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Where it stopped.
    pub cause: NotSentCause,
    /// In plain words, without secrets.
    pub detail: String,
}

/// Where a request stopped before its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSentCause {
    /// The host name did not resolve.
    Dns,
    /// No connection (refused, unreachable, timed out).
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The secret that it needs cannot be had at present.
    Locked,
    /// Another failure before the body was asked for.
    Other,
    /// The fence refused.
    Fenced(FenceReason),
}

text_enum! {
    /// Why the fence refused, right before sending.
    pub enum FenceReason {
        /// The attempt is no longer ours, or no longer `SENDING`.
        NotOurs = "not_ours",
        /// The incident ended (check-in, resolve, moved) since the claim.
        IncidentEnded = "incident_ended",
        /// The critical window closed since the claim.
        WindowClosed = "window_closed",
        /// A human has answered since the claim.
        Acknowledged = "acknowledged",
        /// The STOP file appeared.
        Stopped = "stopped",
        /// Nobody can say whether there is a STOP file.
        StopUnknown = "stop_unknown",
        /// A pause began since the claim.
        Paused = "paused",
        /// The critical window is not open yet: the clock went back since the claim.
        TooEarly = "too_early",
        /// The window is not open by the provider's clock, which is far from ours.
        ClockDoubt = "clock_doubt",
        /// So much time passed since the claim (the process was frozen, the machine slept) that the request could still
        /// be under way when others take the attempt for settled.
        TooLate = "too_late",
        /// The database could not be read.
        StoreFailed = "store_failed",
    }
}

/// Why nobody knows whether a call was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// In plain words, without secrets: `no answer within 20 s (waiting for the response)`.
    pub detail: String,
}

text_enum! {
    /// How to end a call (docs/voice/api/call-resource, "Update a Call resource").
    pub enum HangUp {
        /// Ends queued and ringing calls only: somebody may be listening to the answered one.
        Canceled = "canceled",
        /// Ends the call whatever it does.
        Completed = "completed",
    }
}

/// What the provider says about a call it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReport {
    /// The status.
    pub status: CallStatus,
    /// Seconds from answer to end, when final and answered.
    pub duration_s: Option<u32>,
    /// Seconds from dialling to end, when final and not answered; 0: it never left the provider's queue.
    pub rang_s: Option<u32>,
    /// `human`, `machine_start`, …: the provider's word, open-ended.
    pub answered_by: Option<String>,
    /// Why a call or message failed, in the provider's codes.
    pub error_code: Option<u32>,
    /// Whose fault that is; `None`: no code says.
    pub class: Option<RejectionClass>,
    /// Price as the provider writes it (negative for a charge), when known.
    pub price: Option<String>,
    /// Currency of the price.
    pub price_unit: Option<String>,
    /// The answer's `Date` minus our clock, in milliseconds.
    pub skew_ms: Option<i64>,
}

impl CallReport {
    /// Only the status is known.
    pub const fn of(status: CallStatus) -> Self {
        Self {
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
}

/// A call or message in the provider's list: outbound, made through the API, to one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCall {
    /// The provider's id of the call.
    pub sid: String,
    /// What it came from.
    pub from: Address,
    /// Its status.
    pub status: CallStatus,
    /// When the provider created it, by the provider's clock (whole seconds at Twilio).
    pub created_at: Timestamp,
    /// The [`tag`](super::tag) a message ends in; a call has none.
    pub tag: Option<String>,
}

/// A creation time that is this far from now is no lateness any more; zones differ by such spans.
const HOURS_OFF_MS: i64 = 45 * 60_000;

impl ListedCall {
    /// Does it last, though it is said to have been created hours ago, or in hours? Then that time says nothing. `now` is
    /// by the same clock.
    pub fn is_hours_off(&self, now: Timestamp) -> bool {
        !self.status.is_final() && now.since(self.created_at).saturating_abs() >= HOURS_OFF_MS
    }
}

/// The provider's list of calls to one number from one or several, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallList {
    /// In no promised order (Twilio says nothing about it).
    pub calls: Vec<ListedCall>,
    /// The provider's time when it answered, by its own `Date`; our own time where it names none.
    pub server_now: Timestamp,
    /// The answer's `Date` minus our clock, in milliseconds.
    pub skew_ms: Option<i64>,
}
