//! The states of everything that has a state, with their one text form.
//!
//! Legal moves are written where they are made (compare-and-set in `store/`) and decided in `rules/`.

use super::text_enum;

text_enum! {
    /// Is a meeting going to take place?
    pub enum MeetingState {
        /// It is planned; savehub watches it.
        Scheduled = "SCHEDULED",
        /// It was called off; nothing rings for it.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// savehub watching one meeting of one person.
    pub enum IncidentState {
        /// Watched; nothing was tried yet.
        Open = "OPEN",
        /// At least one attempt was written down.
        Escalating = "ESCALATING",
        /// A human answered; no more calls, not yet checked in.
        Acknowledged = "ACKNOWLEDGED",
        /// The person checked in, or an operator ended it.
        Resolved = "RESOLVED",
        /// The meeting was cancelled or moved, or the person left the config.
        Cancelled = "CANCELLED",
        /// The meeting started and nobody checked in within the grace time, or the person said so.
        Missed = "MISSED",
    }
}

impl IncidentState {
    /// Is it over for good?
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::Cancelled | Self::Missed)
    }
}

text_enum! {
    /// One rung of one incident.
    pub enum StepState {
        /// Waits for its due time.
        Pending = "PENDING",
        /// Has exactly one open attempt.
        Running = "RUNNING",
        /// The provider took the call (or test mode stood in for it).
        Executed = "EXECUTED",
        /// It was allowed, and could not be done.
        Failed = "FAILED",
        /// A guard said no.
        Skipped = "SKIPPED",
        /// The incident ended first.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// One try to reach the provider.
    pub enum AttemptState {
        /// Written and committed before the request; has an owner and a lease.
        Sending = "SENDING",
        /// The provider said 2xx and named the call.
        Accepted = "ACCEPTED",
        /// A complete refusal: never processed.
        Rejected = "REJECTED",
        /// Certain that no byte of the body left.
        NotSent = "NOT_SENT",
        /// The body may have left and no complete answer came back.
        Unknown = "UNKNOWN",
        /// Reconciliation proved that the provider has no such call.
        Absent = "ABSENT",
        /// Still unknown when it stopped to matter; stays counted.
        Abandoned = "ABANDONED",
    }
}

impl AttemptState {
    /// `SENDING` or `UNKNOWN`: the step is `RUNNING` if and only if it has one such attempt.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown)
    }
}

text_enum! {
    /// The life of a call or message at the provider, in the provider's words (docs/voice/api/call-resource, "Call status
    /// values"; docs/messaging/api/message-resource, "Message Status values").
    pub enum CallStatus {
        /// Accepted, not yet dialled.
        Queued = "queued",
        /// The phone rings.
        Ringing = "ringing",
        /// Somebody or something picked up.
        InProgress = "in-progress",
        /// Picked up and ended; a voicemail box counts too.
        Completed = "completed",
        /// The line was busy.
        Busy = "busy",
        /// It rang and nobody picked up.
        NoAnswer = "no-answer",
        /// The provider could not connect it.
        Failed = "failed",
        /// Ended before it was picked up.
        Canceled = "canceled",
        /// A message is on its way to the carrier.
        Sending = "sending",
        /// The carrier has taken a message; some say nothing more.
        Sent = "sent",
        /// A message is on the phone.
        Delivered = "delivered",
        /// The carrier could not deliver a message.
        Undelivered = "undelivered",
        /// A mail, webhook or command: taken, and nothing follows. Never said by Twilio.
        Done = "done",
        /// Test mode: nothing left. Never said by a provider.
        Simulated = "simulated",
    }
}

impl CallStatus {
    /// No later status can follow.
    pub const fn is_final(self) -> bool {
        self.rank() == 3
    }

    /// The provider had taken it, and could not bring it to its target. Nobody's choice, as `canceled` is, and no word of
    /// the phone's, as `busy` and `no-answer` are.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Undelivered)
    }

    /// Statuses only move to a higher rank: an older answer never overwrites a newer state.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Ringing | Self::Sending => 1,
            Self::InProgress | Self::Sent => 2,
            _ => 3,
        }
    }
}

text_enum! {
    /// The wish to end a call, beside its state.
    pub enum HangUpState {
        /// No wish.
        None = "NONE",
        /// To be ended; retried by every tick.
        Wanted = "WANTED",
        /// The provider confirmed that it ended.
        Done = "DONE",
        /// There was nothing (left) to end.
        Moot = "MOOT",
    }
}

text_enum! {
    /// Who reaches people.
    pub enum ProviderKind {
        /// The mock phone: never touches the network.
        Mock = "mock",
        /// Twilio's REST API, or a service compatible with it.
        Twilio = "twilio",
        /// Test mode: recorded, not placed.
        Test = "test",
        /// A mail server.
        Smtp = "smtp",
        /// Whoever answers at a webhook's address.
        Webhook = "webhook",
        /// A program on this machine.
        Command = "command",
    }
}

text_enum! {
    /// What becomes of a mock call.
    pub enum MockOutcome {
        /// Rings 5 s, is answered by a human, lasts 12 s.
        Answered = "answered",
        /// Busy at once.
        Busy = "busy",
        /// Rings 24 s, nobody answers.
        NoAnswer = "no-answer",
        /// Rings 20 s, a voicemail box answers.
        Voicemail = "voicemail",
        /// The provider cannot be reached: certain that nothing rang.
        Refused = "refused",
        /// The provider stays silent; no call exists.
        Timeout = "timeout",
        /// The call is placed, the reply is lost.
        LostReply = "lost-reply",
    }
}

text_enum! {
    /// Why a step or an incident is in the state it is in. The words are part of the interface (`status --json`).
    pub enum Reason {
        /// The provider took the call.
        Initiated = "initiated",
        /// Test mode stood in for the provider.
        TestMode = "test_mode",
        /// Another meeting's call named this meeting too.
        Merged = "merged",
        /// The number is no E.164 number, its country is not allowed, or the provider refused it.
        InvalidNumber = "invalid_number",
        /// The config has no phone, mailbox, webhook or command of this name for it (any more).
        NoTarget = "no_target",
        /// There is nothing to say.
        EmptyMessage = "empty_message",
        /// The call limit of this person and meeting is used up.
        MaxCallsExceeded = "max_calls_exceeded",
        /// Not `0 < start - now <= window`.
        OutsideCriticalWindow = "outside_critical_window",
        /// The limit of messages of this person and meeting is used up.
        MaxSmsExceeded = "max_sms_exceeded",
        /// The time in which it makes sense is over (calls: `outside_critical_window`).
        TooLate = "too_late",
        /// It is not due yet: the clock went back.
        NotDue = "not_due",
        /// A human has answered, replied or called back.
        Acknowledged = "acknowledged",
        /// The incident is no longer open.
        IncidentResolved = "incident_resolved",
        /// The STOP file or `pause`.
        Paused = "paused",
        /// Nobody can say whether there is a STOP file.
        StopUnknown = "stop_unknown",
        /// The calls of the last 24 hours reached the cap.
        DailyCap = "daily_cap",
        /// Another call to the same number is open, live, or less than the gap ago.
        NumberBusy = "number_busy",
        /// A later rung of the same incident is due too; that one runs.
        Superseded = "superseded",
        /// Certain that nothing was sent, as often as it was tried, until its time was over.
        NotSent = "not_sent",
        /// The provider gave no usable answer and could not be asked.
        Unknown = "unknown",
        /// The provider was at its limit until the window closed.
        Capacity = "capacity",
        /// The provider refused the request (its code says why).
        Rejected = "rejected",
        /// The provider refused us: credentials, account, our number, our request.
        ProviderSetup = "provider_setup",
        /// Check-in: the person is in the meeting.
        Joined = "joined",
        /// `presence_command`: the person is in the meeting already.
        Presence = "presence",
        /// Check-in: the person will miss the meeting.
        SaidMissed = "said_missed",
        /// An operator ended it.
        Operator = "operator",
        /// Nobody checked in within the grace time.
        NoCheckIn = "no_check_in",
        /// The meeting moved: the next generation watches it.
        MeetingMoved = "meeting_moved",
        /// The meeting was called off.
        MeetingCancelled = "meeting_cancelled",
        /// The meeting is in the calendar, but no longer one that rings (declined, free, filtered).
        MeetingSkipped = "meeting_skipped",
        /// What had ended it was taken back: the next generation watches the meeting.
        Undone = "undone",
        /// Its calendar is no longer in the config.
        CalendarRemoved = "calendar_removed",
        /// The person is no longer in the config.
        PersonRemoved = "person_removed",
    }
}

impl Reason {
    /// The result word of PRODUCT ("Result of a step"): `initiated`, `test_mode`, `rate_limited`, `skipped`, `failed`.
    pub const fn status(self) -> &'static str {
        match self {
            Self::Initiated | Self::Merged => "initiated",
            Self::TestMode => "test_mode",
            Self::MaxCallsExceeded | Self::MaxSmsExceeded => "rate_limited",
            Self::InvalidNumber
            | Self::NoTarget
            | Self::EmptyMessage
            | Self::NotSent
            | Self::StopUnknown
            | Self::Unknown
            | Self::Capacity
            | Self::Rejected
            | Self::ProviderSetup => "failed",
            _ => "skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_from_its_own_text() {
        for state in StepState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert_eq!("DONE".parse::<StepState>(), Err("`DONE` is not a StepState".to_owned()));
    }

    #[test]
    fn statuses_are_ordered_and_only_the_last_rank_is_final() {
        assert!(CallStatus::Queued.rank() < CallStatus::Ringing.rank());
        assert!(CallStatus::Ringing.rank() < CallStatus::InProgress.rank());
        assert!(CallStatus::Completed.is_final() && CallStatus::Canceled.is_final());
        assert!(!CallStatus::InProgress.is_final());
    }
}
