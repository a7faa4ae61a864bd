//! From a complete answer to an outcome.

use super::answer::{error, is_error, sid, status as call_status};
use super::codes::class_of;
use crate::http::retry_after;
use crate::model::{Accepted, Doubt, Outcome, Rejection, RejectionClass};
use serde_json::Value;
use ureq::http::HeaderMap;

/// What a complete answer to "create a call" means.
///
/// Certain are a 2xx that names the call, and a 4xx with the provider's own error object. Without that it may be a proxy's,
/// after the call was placed; but for 401, 403, 404, 407 and 429, by which nobody is let through. A 2xx without a name, a
/// redirect, a 408 (the server gave up waiting for us, and may have read enough) and a 5xx are not: docs/api/errors/20500
/// says that the call may have been placed.
pub fn classify(status: u16, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let unknown = |detail: String| Outcome::Unknown(Doubt { detail });
    match status {
        200..=299 => {
            let call: Option<Value> = serde_json::from_slice(body).ok();
            match call.as_ref().and_then(|call| Some((sid(call)?, call))) {
                Some((sid, call)) => Outcome::Accepted(Accepted { sid: sid.to_owned(), status: call_status(call) }),
                None => unknown(format!("HTTP {status} without a call id")),
            }
        }
        300..=399 => unknown(format!("HTTP {status}: a redirect, not followed")),
        408 => unknown("HTTP 408: the provider says the request timed out".into()),
        400..=499 if is_certain(status, body) => Outcome::Rejected(rejection(status, headers, body)),
        400..=499 => unknown(format!("HTTP {status} without the provider's error code: it may be a proxy's")),
        _ => {
            let (code, message) = error(body);
            unknown(words(status, code, &message))
        }
    }
}

/// Is a 4xx certainly the provider's word, or nobody's who lets anything through?
pub(super) fn is_certain(status: u16, body: &[u8]) -> bool {
    matches!(status, 401 | 403 | 404 | 407 | 429) || is_error(body)
}

/// A complete refusal.
pub(super) fn rejection(status: u16, headers: &HeaderMap, body: &[u8]) -> Rejection {
    let (code, said) = error(body);
    let class = class_of(status, code);
    let message = if said.is_empty() { format!("HTTP {status}") } else { said };
    let retry_after = if class == RejectionClass::Capacity { retry_after(headers) } else { None };
    Rejection { class, code, message, retry_after }
}

/// `HTTP 500, code 20500: Internal Server Error`.
fn words(status: u16, code: Option<u32>, message: &str) -> String {
    let code = code.map(|c| format!(", code {c}")).unwrap_or_default();
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("HTTP {status}{code}{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CallStatus;

    fn class(status: u16, body: &str) -> Option<RejectionClass> {
        match classify(status, &HeaderMap::new(), body.as_bytes()) {
            Outcome::Rejected(r) => Some(r.class),
            Outcome::Unknown(_) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_code_of_the_table_has_its_class() {
        use RejectionClass::{Callee, Capacity, Other, Ours};
        for (status, code, expected) in [
            (429, 20429, Capacity),
            (400, 10004, Capacity),
            (400, 21611, Capacity),
            (400, 21211, Callee),
            (400, 21215, Callee),
            (403, 21219, Callee),
            (400, 21610, Callee),
            (400, 21210, Ours),
            (400, 21212, Ours),
            (401, 20003, Ours),
            (403, 20008, Ours),
            (404, 20404, Ours),
            (400, 21205, Ours),
            (400, 99999, Other),
            (401, 99999, Ours),
        ] {
            assert_eq!(class(status, &format!(r#"{{"code":{code}}}"#)), Some(expected), "{status} {code}");
        }
        assert_eq!(class(429, ""), Some(Capacity));
        assert_eq!(class(403, "<html>"), Some(Ours));
        assert_eq!((class(407, "<html>"), class(404, "")), (Some(Ours), Some(Ours)));
        assert_eq!(class(418, r#"{"code":"21212","message":"x"}"#), Some(Ours));
    }

    #[test]
    fn only_a_2xx_that_names_the_call_and_a_4xx_in_the_providers_words_are_certain() {
        for (status, body) in [
            (200, "<html>hi</html>"),
            (201, "{}"),
            (201, r#"{"sid":""}"#),
            (201, r#"{"sid":"a\nb"}"#),
            (201, r#"{"sid":5}"#),
            (301, ""),
            (307, ""),
            (408, ""),
            (400, ""),
            (409, "<html>conflict</html>"),
            (499, "<html>client closed request</html>"),
            (400, r#"{"message":"Bad Request"}"#),
            (409, r#"{"code":409,"message":"conflict"}"#),
            (422, r#"["code"]"#),
            (413, r#"{"errors":[{"code":1020}]}"#),
            (500, ""),
            (503, r#"{"code":20503}"#),
            (504, ""),
            (999, ""),
        ] {
            assert_eq!(class(status, body), None, "{status} {body}");
        }
    }

    #[test]
    fn an_unknown_status_word_counts_as_queued() {
        for (word, expected) in
            [("ringing", CallStatus::Ringing), ("initiated", CallStatus::Queued), ("simulated", CallStatus::Queued)]
        {
            let body = format!(r#"{{"sid":"CA1","status":"{word}"}}"#);
            let outcome = classify(201, &HeaderMap::new(), body.as_bytes());
            assert_eq!(outcome, Outcome::Accepted(Accepted { sid: "CA1".into(), status: expected }));
        }
    }

    #[test]
    fn a_refusals_message_is_masked_cleaned_and_cut() {
        let body = format!(r#"{{"code":21211,"message":"bad \u001b[31m+12025550123 {}"}}"#, "x".repeat(500));
        let Outcome::Rejected(r) = classify(400, &HeaderMap::new(), body.as_bytes()) else { panic!() };
        assert!(r.message.starts_with("bad  [31m****0123 x"), "{}", r.message);
        assert_eq!(r.message.chars().count(), 200);
    }
}
