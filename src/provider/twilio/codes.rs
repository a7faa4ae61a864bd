//! What Twilio's error codes mean for savehub (docs/api/errors).

use crate::model::{RefusedSender, RejectionClass};

/// The class of a complete refusal. A known code decides; else the status does.
pub(super) fn class_of(status: u16, code: Option<u32>) -> RejectionClass {
    match code {
        Some(20429 | 10004 | 21611 | 30001 | 30017 | 30022) => RejectionClass::Capacity,
        Some(
            21201 | 21202 | 21203 | 21211 | 21214 | 21215 | 21216 | 21217 | 21219 | 21265 | 21268 | 21408 | 21604
            | 21266 | 21608 | 21610 | 21612 | 21614 | 21635 | 30003..=30008 | 30036 | 30410 | 30450,
        ) => RejectionClass::Callee,
        Some(
            // Our number, or what it is registered for.
            21210 | 21212 | 21213 | 21603 | 21606 | 21659 | 21660 | 21661 | 30018 | 30023 | 30024 | 30027
            | 30032..=30035
            // Credentials and account.
            | 20003 | 20404 | 20403 | 20006 | 20005 | 10001 | 20008 | 30002
            // The address of webhook_url.
            | 21609 | 21626
            // A bug of ours.
            | 20001 | 20422 | 21205 | 21206 | 21208 | 21209 | 21602 | 21605 | 21617 | 21624 | 30012 | 30013,
        ) => RejectionClass::Ours,
        _ => match status {
            429 => RejectionClass::Capacity,
            // 407 is a proxy's: its login.
            401 | 403 | 404 | 407 => RejectionClass::Ours,
            _ => RejectionClass::Other,
        },
    }
}

/// The class of what was taken and then failed: the same codes mean the same as in a refusal.
pub(super) fn class_of_late_end(code: u32) -> RejectionClass {
    class_of(400, Some(code))
}

/// Does this code refuse the address of `webhook_url` alone? The same call without it is another request.
pub(super) const fn is_of_callback(code: Option<u32>) -> bool {
    matches!(code, Some(21609 | 21626))
}

/// Whose fault a refusal of the from number is; `None`: another from number would be refused, too.
pub fn refused_sender(code: Option<u32>) -> Option<RefusedSender> {
    match code? {
        21210 | 21212 | 21213 | 21603 | 21606 | 21659..=21661 | 30018 | 30023 | 30024 | 30027 | 30032..=30035 => {
            Some(RefusedSender::Itself)
        }
        21266 | 21612 => Some(RefusedSender::ForThisTarget),
        _ => None,
    }
}

/// Every code savehub knows, those it has advice for, in ascending order, and who must act.
pub fn known_codes() -> impl Iterator<Item = (u32, RejectionClass)> {
    // Twilio numbers its errors from 10000 to 99999 (docs/api/errors), and refuses with 400 where nothing says more.
    (10_000..100_000).filter(|code| remedy(*code).is_some()).map(|code| (code, class_of(400, Some(code))))
}

/// What a code says, in plain words, where Twilio's own words do not stand beside it (a message that was taken and not
/// delivered has a code alone; the manual page names them all); `None` when savehub does not know it.
pub fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        10001 | 20005 => "the Twilio account is not active",
        10004 => "the account has as many calls under way as it may have",
        20003 => "Twilio does not know these credentials",
        20006 | 20403 => "the API key or the account may not do this",
        20008 => "the credentials are test credentials, which reach nobody",
        20404 => "the account, or what was asked for, does not exist there",
        20429 => "too many requests at once",
        21201 | 21211 | 21217 | 21604 => "the person's number is missing or not a valid one",
        21202 | 21265 | 21268 => "the person's number is a premium number or a short code",
        21203 | 21215 => "the account may not call the number's country",
        21210 | 21212 | 21213 | 21603 | 21606 | 21659 | 21660 | 21661 => {
            "the from number is missing, not of this account, or cannot do this"
        }
        21214 => "the number cannot be reached",
        21216 => "the number is on Twilio's list of blocked numbers",
        21219 | 21608 => "the account is a trial account and the number is not verified",
        21266 => "the number to reach is the from number itself",
        21408 => "the account may not send messages to the number's country",
        21612 => "no message can go from the from number to this one",
        21614 => "the number is not a mobile number",
        21635 => "the number is a landline",
        20001 | 20422 | 21205 | 21206 | 21208 | 21209 | 21602 | 21605 | 21617 | 21624 | 30012 | 30013 => {
            "Twilio did not understand savehub's request"
        }
        21609 | 21626 => "Twilio does not take the address of webhook_url",
        21610 => "the person replied STOP: nothing is sent to this number any more",
        21611 => "too many messages are waiting at the provider",
        30001 => "the provider's queue was full",
        30002 => "the Twilio account is suspended",
        30003 => "the phone is switched off, out of reach, or takes no messages",
        30004 => "the phone or its carrier blocks the message",
        30005 => "the number does not exist or is not in use",
        30006 => "the number is a landline, or its carrier takes no messages",
        30007 => "the carrier took the message for spam",
        30008 => "the message was not delivered; the carrier does not say why",
        30017 => "the carrier's network is congested",
        30018 | 30024 => "the carrier takes messages from registered numbers only",
        30022 => "the from number sends more messages at once than its registration allows",
        30023 | 30027 => "the day's messages of the from number's registration are used up",
        30032 => "the toll-free from number is not verified",
        30033 => "the registration of the from number (A2P 10DLC campaign) is suspended",
        30034 => "the from number is not registered for messages to US phones (A2P 10DLC)",
        30035 => "the from number is still being set up for messages to US phones (A2P 10DLC)",
        30036 => "the message was dropped: it could not be sent in time",
        30410 => "the carrier did not answer in time",
        30450 => "the message was blocked as unwanted traffic",
        _ => return None,
    })
}

/// What a person can do about an error code; `None` when savehub has no advice.
pub fn remedy(code: u32) -> Option<&'static str> {
    Some(match code {
        20003 => "Check account_sid and auth_token (or the API key and its secret), and the region they belong to.",
        20008 => "These are test credentials: they validate requests and never ring a phone. Use the live ones.",
        20005 | 10001 | 30002 => "The Twilio account is suspended or not active: see the console's billing page.",
        20006 | 20403 => {
            "This API key lacks a permission: allow it to create, read and update voice calls and messages."
        }
        20404 => "Check account_sid and base_url: this account does not exist there.",
        20429 => "Too many requests at once; savehub tries again. Lower engine.parallel if it stays.",
        10004 => "Too many calls at once for this account; savehub tries again. Ask Twilio for more concurrency.",
        21611 | 30001 | 30017 | 30022 => {
            "Too many messages at once from this number; savehub tries again. Send fewer, or from several."
        }
        21201 | 21211 | 21217 | 21604 | 21614 | 30005 => "Check the person's phone number.",
        21214 => "This number cannot be reached: check it, or ask its carrier.",
        21203 | 21215 => {
            "Allow the number's country in the console: Voice, Settings, Geo Permissions (console.twilio.com)."
        }
        21408 => {
            "Allow the number's country in the console: Messaging, Settings, Geo Permissions (console.twilio.com)."
        }
        21216 => "Twilio blocks calls to this number: ask its support.",
        21219 | 21608 => {
            "A trial account reaches verified numbers only: verify this number in the console, or upgrade."
        }
        21202 | 21265 | 21268 => "The person's number is a short code or a premium number: give their own.",
        21266 => "The person's number is the from number itself: give their own.",
        21609 | 21626 => {
            "Write an address of the public internet as call.webhook_url, or take it out: savehub asks Twilio by itself."
        }
        21610 => "The person replied STOP to this number: they must text START to it.",
        21612 => "No message can go from this from number to the person's: use another from number, or another rung.",
        21635 | 30006 => "This number takes no text messages: use the rung `call`, or a mobile number.",
        21210 | 21212 | 21213 | 21603 | 21606 | 21659 | 21660 | 21661 => {
            "Check provider.twilio.from: it must be a Twilio number of this account or a verified caller id; for \
             messages, a Twilio number that can send them."
        }
        30003 => "The phone may be off or out of reach; if it stays, ask the person or their carrier.",
        30004 | 30450 => "The person's phone or carrier refuses messages from this number: ask the person.",
        30007 => "Carriers filter messages: write it in plain words, without short links; register the from number.",
        30008 | 30410 => "Nothing to do if it happens once; if it stays, ask Twilio's support with the message's id.",
        30036 => "Too much was to be sent at once, or the rung is too close to the start; the next rung is the remedy.",
        30023 | 30027 => {
            "Nothing goes out before tomorrow: register the from number for more messages, or use rungs `call`."
        }
        30018 | 30024 | 30032..=30035 => {
            "Register the from number for messages in the console: A2P 10DLC for a US number, Toll-Free Verification \
             for a toll-free one (console.twilio.com)."
        }
        20001 | 20422 | 21205 | 21206 | 21208 | 21209 | 21602 | 21605 | 21617 | 21624 | 30012 | 30013 => {
            "The request was wrong: please report this as a bug."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of a message, as docs/api/errors has them: at creation with 400, later in the fetched message alone.
    #[test]
    fn every_code_of_a_message_has_its_class_and_a_remedy() {
        use RejectionClass::{Callee, Capacity, Ours};
        for (code, expected) in [
            (21610, Callee),
            (21408, Callee),
            (21608, Callee),
            (21211, Callee),
            (21612, Callee),
            (21614, Callee),
            (21635, Callee),
            (21611, Capacity),
            (21606, Ours),
            (21659, Ours),
            (21660, Ours),
            (21617, Ours),
            (30034, Ours),
            (30032, Ours),
        ] {
            assert_eq!((class_of(400, Some(code)), remedy(code).is_some()), (expected, true), "{code}");
        }
    }

    #[test]
    fn every_known_code_has_words_and_every_classed_code_is_known() {
        let known: Vec<u32> = known_codes().map(|(code, _)| code).collect();
        assert!(known.is_sorted() && known.len() > 60, "{known:?}");
        for code in &known {
            assert!(meaning(*code).is_some(), "{code}");
        }
        for code in 10_000..100_000 {
            let classed = class_of(418, Some(code)) != RejectionClass::Other;
            assert_eq!(classed, known.contains(&code), "{code}");
        }
    }

    #[test]
    fn a_country_that_is_not_allowed_is_not_taken_for_a_wrong_number() {
        assert!(remedy(21203).is_some_and(|text| text.contains("Geo Permissions")));
        assert!(remedy(21202).is_some_and(|text| text.contains("premium number")));
    }

    #[test]
    fn every_reason_a_message_was_not_delivered_is_said_in_plain_words_with_what_to_do() {
        for code in (30001..=30008).chain([30017, 30018, 30022, 30023, 30024, 30027]).chain(30032..=30036) {
            assert!(meaning(code).is_some() && remedy(code).is_some(), "{code}");
        }
        assert_eq!((meaning(99_999), remedy(99_999)), (None, None));
    }
}
