//! What Twilio's error codes mean for savehub (docs/api/errors).

use crate::model::RejectionClass;

/// The class of a complete refusal. A known code decides; else the status does.
pub(super) fn class_of(status: u16, code: Option<u32>) -> RejectionClass {
    match code {
        Some(20429 | 10004 | 21611) => RejectionClass::Capacity,
        Some(
            21201 | 21202 | 21203 | 21211 | 21214 | 21215 | 21216 | 21217 | 21219 | 21408 | 21608 | 21610 | 21612
            | 21614,
        ) => RejectionClass::Callee,
        Some(
            // Our number.
            21210 | 21212 | 21213 | 21603 | 21606 | 21659
            // Credentials and account.
            | 20003 | 20404 | 20403 | 20006 | 20005 | 10001 | 20008
            // A bug of ours.
            | 20001 | 20422 | 21205 | 21206 | 21208 | 21209,
        ) => RejectionClass::Ours,
        _ => match status {
            429 => RejectionClass::Capacity,
            401 | 403 | 404 => RejectionClass::Ours,
            _ => RejectionClass::Other,
        },
    }
}

/// What a person can do about an error code; `None` when savehub has no advice.
pub fn remedy(code: u32) -> Option<&'static str> {
    Some(match code {
        20003 => "Check account_sid and auth_token (or the API key and its secret), and the region they belong to.",
        20008 => "These are test credentials: they validate requests and never ring a phone. Use the live ones.",
        20005 | 10001 => "The Twilio account is suspended or not active: see the console's billing page.",
        20006 | 20403 => "This API key lacks a permission: allow it to create, read and update voice calls.",
        20404 => "Check account_sid and base_url: this account does not exist there.",
        20429 => "Too many requests at once; savehub tries again. Lower engine.parallel if it stays.",
        10004 => "Too many calls at once for this account; savehub tries again. Ask Twilio for more concurrency.",
        21201 | 21202 | 21203 | 21211 | 21217 | 21614 => "Check the person's phone number.",
        21214 => "This number cannot be reached: check it, or ask its carrier.",
        21215 | 21408 => {
            "Allow the number's country in the console: Voice, Settings, Geo Permissions (console.twilio.com)."
        }
        21216 => "Twilio blocks calls to this number: ask its support.",
        21219 | 21608 => "A trial account calls verified numbers only: verify this number in the console, or upgrade.",
        21610 => "The person replied STOP to this number: they must text START to it.",
        21210 | 21212 | 21213 | 21603 | 21606 | 21659 => {
            "Check provider.twilio.from: it must be a Twilio number of this account or a verified caller id."
        }
        20001 | 20422 | 21205 | 21206 | 21208 | 21209 => "The request was wrong: please report this as a bug.",
        _ => return None,
    })
}
