//! One table of reasons: how each reads while it holds, how it reads afterwards, and what to do about it. The `match` names
//! every case: a new reason of `model` does not compile until it has words.

use crate::model::Reason;

/// The words of a reason.
struct Words {
    now: &'static str,
    /// `{}` stands for the person.
    then: &'static str,
    advice: Option<&'static str>,
}

impl Words {
    const fn advised(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

const fn words(now: &'static str, then: &'static str) -> Words {
    Words { now, then, advice: None }
}

/// The same whether it holds or is over.
const fn always(text: &'static str) -> Words {
    words(text, text)
}

const fn of(reason: Reason) -> Words {
    match reason {
        Reason::Initiated => words("the provider took the call", "the provider took it"),
        Reason::TestMode => words("test mode stood in for the provider", "test mode recorded it and sent nothing"),
        Reason::Merged => {
            words("named in the call for another meeting", "one call named this meeting together with another one")
        }
        Reason::InvalidNumber => always("the number cannot be called"),
        Reason::NoTarget => words("the config has no address for it", "the config had no address for it")
            .advised("Give the config that address, or take the rung out of the ladder."),
        Reason::EmptyMessage => words("there is nothing to say", "its message was empty")
            .advised("Write a message for the rung or the person into the config."),
        Reason::MaxCallsExceeded => {
            words("the call limit for this meeting is used up", "the call limit for this meeting was used up")
                .advised("`max_calls` and `max_calls_per` set this limit.")
        }
        Reason::MaxSmsExceeded => words(
            "the limit of messages for this meeting is used up",
            "the limit of messages for this meeting was used up",
        )
        .advised("`max_sms` sets this limit."),
        Reason::OutsideCriticalWindow => {
            words("outside the critical window", "it was outside the critical window, and phones ring only inside it")
                .advised(TICKS)
        }
        Reason::TooLate => words("too late", "it was found too late").advised(TICKS),
        Reason::NotDue => words("not due yet", "it was not due yet, since the clock went back")
            .advised("Look at the clock of this machine, and let NTP keep it."),
        Reason::Acknowledged => words("a human has answered", "a human had answered already"),
        Reason::IncidentResolved => {
            words("nobody has to be called any more", "the incident had ended, and nobody had to be told any more")
        }
        Reason::Paused => words("savehub is paused or stopped", "savehub was paused or stopped")
            .advised("`savehub status` says whether it still is."),
        Reason::DailyCap => words("the daily cap is reached", "the daily cap was reached")
            .advised("`daily_cap_per_person` and `daily_cap` set these limits."),
        Reason::NumberBusy => words(
            "another call to this number is under way or has just been",
            "the phone was busy with another call until it was too late",
        )
        .advised("`number_gap` sets how long a phone is left alone between two calls."),
        Reason::Superseded => {
            words("a later step is due as well and calls instead", "a later step was due as well and ran instead")
        }
        Reason::NotSent => words("nothing could be sent", "nothing could be sent, and no try was left"),
        Reason::Unknown => words(
            "nobody knows whether it rang",
            "the provider gave no usable answer, and nobody knows whether it rang",
        )
        .advised("`on_unknown` decides what is done then."),
        Reason::Capacity => {
            words("the provider was at its limit", "the provider was at its limit until it was too late")
                .advised("Ask the provider for a higher rate, or spread the rungs.")
        }
        Reason::Rejected => words("the provider refused the call", "the provider refused it"),
        Reason::ProviderSetup => words(
            "the provider refuses savehub's account, number or request",
            "the provider refused savehub's account, number or request",
        ),
        Reason::Joined => words("checked in", "{} checked in"),
        Reason::Presence => {
            words("in the meeting already, says the presence command", "the presence command found {} in the meeting")
        }
        Reason::SaidMissed => words("said to be missed", "{} reported it as missed"),
        Reason::Operator => words("ended by an operator", "an operator ended the incident"),
        Reason::NoCheckIn => words("nobody checked in", "nobody checked in within the grace time"),
        Reason::MeetingMoved => always("the meeting was moved"),
        Reason::MeetingCancelled => always("the meeting was called off"),
        Reason::MeetingSkipped => words(
            "the meeting no longer rings for this person",
            "its calendar made it a meeting that does not ring for {}",
        )
        .advised("`savehub calendar check` says why."),
        Reason::CalendarRemoved => always("its calendar left the config"),
        Reason::PersonRemoved => words("the person left the config", "{} left the config"),
    }
}

const TICKS: &str = "Look whether ticks ran every 30 s then: `savehub status` shows the last one.";

/// Why, in plain words.
pub const fn reason_words(reason: Reason) -> &'static str {
    of(reason).now
}

/// Why, as a part of a sentence about what was or was not done. `person` is whose meeting it is.
pub fn because(reason: Reason, person: &str) -> String {
    of(reason).then.replace("{}", person)
}

/// What to do about it; `None`: nothing, or the provider's code says it better.
pub(in crate::cli) const fn advice(reason: Reason) -> Option<&'static str> {
    of(reason).advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let words: HashSet<String> = Reason::ALL.iter().map(|reason| because(*reason, "ana")).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(words.iter().all(|words| words.len() > 10 && !words.ends_with('.')), "{words:?}");
    }

    #[test]
    fn advice_is_a_whole_sentence() {
        for advice in Reason::ALL.iter().filter_map(|reason| advice(*reason)) {
            assert!(advice.ends_with('.'), "{advice}");
        }
    }
}
