//! One table of reasons, in two tenses. A new reason of `model` does not compile until it has words here.

use crate::model::Reason;

/// The words of a reason.
struct Words {
    now: &'static str,
    /// `{}` stands for the person.
    then: &'static str,
    /// What to do about it; `None`: nothing, or the provider's code says it better.
    advice: Option<&'static str>,
}

/// Reason: while it holds, afterwards as a part of a sentence, and what to do about it.
macro_rules! reasons {
    ($($reason:ident: $now:literal, $then:literal $(, $advice:expr)?;)*) => {
        const fn words(reason: Reason) -> Words {
            match reason {
                $(Reason::$reason => Words { now: $now, then: $then, advice: reasons!(@ $($advice)?) },)*
            }
        }
    };
    (@) => { None };
    (@ $advice:expr) => { Some($advice) };
}

reasons! {
    Initiated: "the provider took the call", "the provider took it";
    TestMode: "test mode stood in for the provider", "test mode recorded it and sent nothing";
    Merged: "named in the call for another meeting", "one call named this meeting together with another one";
    InvalidNumber: "the number cannot be called", "the number cannot be called";
    NoTarget: "the config has no address for it", "the config had no address for it",
        "Give the config that address, or take the rung out of the ladder.";
    EmptyMessage: "there is nothing to say", "its message was empty",
        "Write a message for the rung or the person into the config.";
    MaxCallsExceeded: "the call limit for this meeting is used up", "the call limit for this meeting was used up",
        "`max_calls` and `max_calls_per` set this limit.";
    OutsideCriticalWindow: "outside the critical window",
        "it was outside the critical window, and phones ring only inside it", LOOK_AT_TICKS;
    MaxSmsExceeded: "the limit of messages for this meeting is used up",
        "the limit of messages for this meeting was used up", "`max_sms` sets this limit.";
    TooLate: "too late", "it was found too late", LOOK_AT_TICKS;
    NotDue: "not due yet", "it was not due yet, since the clock went back",
        "Look at the clock of this machine, and let NTP keep it.";
    Acknowledged: "a human has answered", "a human had answered already";
    IncidentResolved: "nobody has to be called any more",
        "the incident had ended, and nobody had to be told any more";
    Paused: "savehub is paused or stopped", "savehub was paused or stopped",
        "`savehub status` says whether it still is.";
    StopUnknown: "nobody can say whether there is a STOP file",
        "nobody could say whether there was a STOP file, and nothing goes out then",
        "`savehub doctor` says which file cannot be looked at, and why.";
    DailyCap: "the daily cap is reached", "the daily cap was reached",
        "`daily_cap_per_person` and `daily_cap` set these limits.";
    NumberBusy: "another call to this number is under way or has just been",
        "the phone was busy with another call until it was too late",
        "`number_gap` sets how long a phone is left alone between two calls.";
    Superseded: "a later step is due as well and calls instead", "a later step was due as well and ran instead";
    NotSent: "nothing could be sent", "nothing could be sent while there was time";
    Unknown: "nobody knows whether it rang", "the provider gave no usable answer, and nobody knows whether it rang",
        "`on_unknown` decides what is done then.";
    Capacity: "the provider was at its limit", "the provider was at its limit until it was too late",
        "Ask the provider for a higher rate, or spread the rungs.";
    Rejected: "the provider refused the call", "the provider refused it";
    ProviderSetup: "the provider refuses savehub's account, number or request",
        "the provider refused savehub's account, number or request";
    Joined: "checked in", "{} checked in";
    Presence: "in the meeting already, says the presence command", "the presence command found {} in the meeting";
    SaidMissed: "said to be missed", "{} reported it as missed";
    Operator: "ended by an operator", "an operator ended the incident";
    NoCheckIn: "nobody checked in", "nobody checked in within the grace time";
    MeetingMoved: "the meeting was moved", "the meeting was moved";
    MeetingCancelled: "the meeting was called off", "the meeting was called off";
    MeetingSkipped: "the meeting no longer rings for this person",
        "its calendar made it a meeting that does not ring for {}", "`savehub calendar check` says why.";
    Undone: "taken back, and watched anew", "what had ended it was taken back";
    CalendarRemoved: "its calendar left the config", "its calendar left the config";
    PersonRemoved: "the person left the config", "{} left the config";
}

const LOOK_AT_TICKS: &str = "Look whether ticks ran every 30 s then: `savehub status` shows the last one.";

/// Why, in plain words.
pub const fn reason_words(reason: Reason) -> &'static str {
    words(reason).now
}

/// Why, as a part of a sentence about what was or was not done. `person` is whose meeting it is.
pub fn because(reason: Reason, person: &str) -> String {
    words(reason).then.replace("{}", person)
}

/// What to do about it; `None`: nothing, or the provider's code says it better.
pub(in crate::cli) const fn advice(reason: Reason) -> Option<&'static str> {
    words(reason).advice
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
    fn the_page_about_silent_phones_has_each_sentence_and_advice() {
        let page = include_str!("../../../docs/it-did-not-ring.md");
        for reason in Reason::ALL {
            let row = format!("| `{}` | {} | ", reason.as_str(), because(*reason, "…"));
            let rest = page.split(&row).nth(1).unwrap_or_else(|| panic!("no row begins with {row}"));
            let to_do = rest.lines().next().unwrap();
            assert!(to_do.contains(advice(*reason).unwrap_or_default()), "{row}{to_do}");
        }
    }

    #[test]
    fn advice_is_a_whole_sentence() {
        for advice in Reason::ALL.iter().filter_map(|reason| advice(*reason)) {
            assert!(advice.ends_with('.'), "{advice}");
        }
    }
}
