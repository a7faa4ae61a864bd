//! What became of a try to reach somebody, and of a meeting that was watched: every row in exactly one class.

use crate::model::{AttemptState, AttemptTally, CallStatus, IncidentState, IncidentTally, Reason, RungKind, text_enum};

text_enum! {
    /// What became of one attempt. The words are part of the interface (`report --json`).
    pub enum Outcome {
        /// Picked up, and no machine as far as is known.
        Answered = "answered",
        /// A voicemail box or a fax machine picked up (known with `machine_detection` alone).
        Voicemail = "voicemail",
        /// It rang and nobody picked up.
        NoAnswer = "no_answer",
        /// The line was busy.
        Busy = "busy",
        /// Hung up before it was picked up, or taken back: nobody had to be reached any more.
        Canceled = "canceled",
        /// The provider took it and could not deliver it.
        Failed = "failed",
        /// A message, mail, webhook or command that was taken.
        Sent = "sent",
        /// Still on its way, or nothing more was ever heard of it.
        UnderWay = "under_way",
        /// Nobody knows whether it arrived.
        Unknown = "unknown",
        /// Test mode: recorded.
        Simulated = "simulated",
        /// The provider refused it.
        Refused = "refused",
        /// The provider was at its limit (429 and the like).
        RateLimited = "rate_limited",
        /// Certain that nothing arrived at the provider.
        NotSent = "not_sent",
        /// Held back at the last moment, because it no longer made sense: no try at all.
        HeldBack = "held_back",
    }
}

impl Outcome {
    /// Was there a call, or may there have been one? The others never left, or were refused.
    pub const fn is_placed(self) -> bool {
        !matches!(self, Self::Refused | Self::RateLimited | Self::NotSent | Self::HeldBack)
    }

    /// Was anything tried?
    pub const fn is_try(self) -> bool {
        !matches!(self, Self::HeldBack)
    }

    /// Is it a failure, for the list of failures?
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Refused | Self::RateLimited | Self::NotSent | Self::Unknown)
    }

    /// Did it ring to an end of its own? The answer rate is the part of these that was answered.
    pub const fn rang_out(self) -> bool {
        matches!(self, Self::Answered | Self::Voicemail | Self::NoAnswer | Self::Busy)
    }
}

/// The outcome of these attempts.
pub fn of_attempt(row: &AttemptTally) -> Outcome {
    match row.state {
        AttemptState::Sending => Outcome::UnderWay,
        AttemptState::Unknown | AttemptState::Abandoned => Outcome::Unknown,
        AttemptState::Rejected if row.capacity => Outcome::RateLimited,
        AttemptState::Rejected => Outcome::Refused,
        AttemptState::NotSent if row.held_back => Outcome::HeldBack,
        AttemptState::NotSent | AttemptState::Absent => Outcome::NotSent,
        AttemptState::Accepted => row.call_status.map_or(Outcome::UnderWay, |status| of_status(row, status)),
    }
}

fn of_status(row: &AttemptTally, status: CallStatus) -> Outcome {
    match status {
        CallStatus::InProgress | CallStatus::Completed if row.kind == RungKind::Call => picked_up(row),
        CallStatus::InProgress
        | CallStatus::Completed
        | CallStatus::Sent
        | CallStatus::Delivered
        | CallStatus::Done => Outcome::Sent,
        CallStatus::Queued | CallStatus::Ringing | CallStatus::Sending => Outcome::UnderWay,
        CallStatus::NoAnswer => Outcome::NoAnswer,
        CallStatus::Busy => Outcome::Busy,
        CallStatus::Canceled => Outcome::Canceled,
        CallStatus::Failed | CallStatus::Undelivered => Outcome::Failed,
        CallStatus::Simulated => Outcome::Simulated,
    }
}

fn picked_up(row: &AttemptTally) -> Outcome {
    match row.answered_by.as_deref() {
        Some(by) if by.starts_with("machine") || by == "fax" => Outcome::Voicemail,
        _ => Outcome::Answered,
    }
}

/// How a meeting that was watched ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ending {
    /// The person joined after this many calls; 0: before the first one.
    Joined(u32),
    /// An operator ended it.
    Operator,
    /// A human answered, replied or called back, and nobody checked in.
    Acknowledged,
    /// Nobody checked in.
    Missed,
    /// The person said that they will not come.
    SaidMissed,
    /// Called off, moved, or no longer watched.
    CalledOff,
}

/// How these incidents ended; `None` while they are open.
pub const fn of_incident(row: &IncidentTally) -> Option<Ending> {
    Some(match (row.state, row.reason) {
        (IncidentState::Resolved, Reason::Operator) => Ending::Operator,
        (IncidentState::Resolved, _) => Ending::Joined(row.calls),
        (IncidentState::Missed, Reason::SaidMissed) => Ending::SaidMissed,
        (IncidentState::Missed, _) if row.acknowledged => Ending::Acknowledged,
        (IncidentState::Missed, _) => Ending::Missed,
        (IncidentState::Cancelled, _) => Ending::CalledOff,
        (IncidentState::Open | IncidentState::Escalating | IncidentState::Acknowledged, _) => return None,
    })
}
