//! Reading what Twilio answered: bodies, dates, and words fit to be shown.

use super::codes::class_of_late_end;
use crate::http::{date, http_date};
use crate::model::{CallReport, CallStatus, ListedCall, Timestamp, cut, printable};
use serde_json::Value;
use std::ops::RangeInclusive;
use std::time::Duration;
use ureq::http::HeaderMap;

/// Longest provider message that is kept, in characters.
const MESSAGE_MAX: usize = 200;

/// Longest call or request id that is believed, in bytes. Twilio's have 34.
const ID_MAX: usize = 128;

/// The `Date` header minus `ours` in milliseconds. The header counts whole seconds (RFC 9110 section 5.6.7).
pub fn skew_ms(headers: &HeaderMap, ours: Timestamp) -> Option<i64> {
    Some(date(headers)?.since(ours))
}

/// `Twilio-Request-Id`.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("twilio-request-id")?.to_str().ok()?;
    is_id(id).then(|| id.to_owned())
}

/// Is it an id that can stand in a log line and in a URL? Not every provider's look like `CA…`.
fn is_id(text: &str) -> bool {
    (1..=ID_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic())
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// The call's id in a Call object.
pub(super) fn sid(call: &Value) -> Option<&str> {
    call.get("sid")?.as_str().filter(|sid| is_id(sid))
}

/// A call's status. A word savehub does not know counts as the earliest one, which overwrites nothing.
pub(super) fn status(call: &Value) -> CallStatus {
    known_status(call).unwrap_or(CallStatus::Queued)
}

fn known_status(call: &Value) -> Option<CallStatus> {
    let said = call.get("status").and_then(Value::as_str).and_then(|s| s.parse().ok());
    // `done` and `simulated` are our own words.
    said.filter(|s| !matches!(s, CallStatus::Done | CallStatus::Simulated))
}

/// Did it end long ago, in a word that savehub does not know? Then it must not pass for one that lasts.
pub(super) fn is_history(entry: &Value, listed: &ListedCall, now: Timestamp) -> bool {
    known_status(entry).is_none() && listed.is_hours_off(now)
}

/// A Call object as a report; `None` when it is not one.
pub(super) fn report(body: &[u8], skew_ms: Option<i64>) -> Option<CallReport> {
    let call: Value = serde_json::from_slice(body).ok()?;
    sid(&call)?;
    let text = |name: &str| match call.get(name)? {
        Value::String(text) if !text.is_empty() => Some(cut(&printable(text), MESSAGE_MAX)),
        // The specification and real answers differ on which numbers are strings.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let rang_s = rang_s(&call, status(&call));
    let error_code: Option<u32> = text("error_code").and_then(|code| code.parse().ok()).filter(|code| *code != 0);
    Some(CallReport {
        rang_s,
        status: status(&call),
        duration_s: text("duration").and_then(|s| s.parse().ok()),
        answered_by: text("answered_by"),
        error_code,
        class: error_code.map(class_of_late_end),
        price: text("price"),
        price_unit: text("price_unit"),
        skew_ms,
    })
}

/// The longest time a call stays queued (support article 223180028); an estimate beyond it says nothing.
const QUEUE_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long a call that was just made is expected to stay in the queue: `queue_time`, milliseconds as a text
/// (docs/voice/api/call-resource).
pub(super) fn queued_for(body: &[u8]) -> Option<Duration> {
    let call: Value = serde_json::from_slice(body).ok()?;
    let ms = match call.get("queue_time")? {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_u64()?,
    };
    Some(Duration::from_millis(ms)).filter(|wait| *wait <= QUEUE_MAX)
}

/// How long an unanswered call rang: `start_time` is empty until it is dialled (docs/voice/api/call-resource).
fn rang_s(call: &Value, status: CallStatus) -> Option<u32> {
    let unanswered =
        matches!(status, CallStatus::Busy | CallStatus::NoAnswer | CallStatus::Failed | CallStatus::Canceled);
    let time = |name: &str| call.get(name).and_then(Value::as_str).and_then(http_date);
    match (time("start_time"), time("end_time")) {
        _ if !unanswered => None,
        (Some(start), Some(end)) => u32::try_from(end.since(start) / 1000).ok(),
        (None, _) if status == CallStatus::Canceled && call.get("start_time").is_some() => Some(0),
        _ => None,
    }
}

/// Twilio numbers its errors so (docs/api/errors), and services that speak its language do, too.
const CODES: RangeInclusive<u32> = 10_000..=99_999;

/// Is this the provider's own error object? A proxy on the way answers with a page, or with an object of its own.
pub(super) fn is_error(body: &[u8]) -> bool {
    error(body).0.is_some_and(|code| CODES.contains(&code))
}

/// Twilio's error code and message, cleaned; empty words when the body is no error object.
pub(super) fn error(body: &[u8]) -> (Option<u32>, String) {
    let Ok(error) = serde_json::from_slice::<Value>(body) else { return (None, String::new()) };
    let code = error.get("code").and_then(|c| match c {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|n| u32::try_from(n).ok()),
    });
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    (code, clean(message))
}

/// Words from outside, fit for a terminal, without full numbers, at most 200 characters.
pub(super) fn clean(message: &str) -> String {
    cut(&mask_numbers(&printable(message)), MESSAGE_MAX)
}

/// Replaces every number of 7 and more digits (a `+` before it included) that is not part of a word by its last four
/// digits, as in `****1234`.
pub fn mask_numbers(text: &str) -> String {
    let (mut out, mut digits, mut word) = (String::new(), String::new(), false);
    // The end of the text ends a number too; the space is taken off again.
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() && !word {
            digits.push(c);
            continue;
        }
        // Letters right behind it do not make a number less of one.
        if digits.len() >= 7 {
            if out.ends_with('+') {
                out.pop();
            }
            out.push_str("****");
            out.push_str(&digits[digits.len() - 4..]);
        } else {
            out.push_str(&digits);
        }
        digits.clear();
        word = c.is_ascii_alphanumeric();
        out.push(c);
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn numbers_are_masked_wherever_they_stand() {
        for (text, masked) in [
            ("to +12025550123.", "to ****0123."),
            ("+12025550123", "****0123"),
            ("12025550123 and +12025550124!", "****0123 and ****0124!"),
            ("code 21211, 45 s", "code 21211, 45 s"),
            ("AC0123456789abcdef", "AC0123456789abcdef"),
            ("(+12025550123x)", "(****0123x)"),
            ("", ""),
        ] {
            assert_eq!(mask_numbers(text), masked);
        }
    }

    #[test]
    fn skew_is_their_date_minus_our_time() {
        let headers = headers(&[("date", "Sun, 22 Nov 2026 09:00:00 GMT")]);
        assert_eq!(skew_ms(&headers, Timestamp::from_ms(1_795_338_002_000)), Some(-2000));
    }

    #[test]
    fn an_unanswered_call_says_how_long_it_rang_or_that_it_never_left_the_queue() {
        let of = |body: &str| report(body.as_bytes(), None).unwrap().rang_s;
        let (start, end) = ("Sun, 22 Nov 2026 09:00:00 +0000", "Sun, 22 Nov 2026 09:00:24 +0000");
        let times = format!(r#""start_time":"{start}","end_time":"{end}""#);
        assert_eq!(of(&format!(r#"{{"sid":"CA1","status":"no-answer",{times}}}"#)), Some(24));
        assert_eq!(of(&format!(r#"{{"sid":"CA1","status":"completed",{times}}}"#)), None);
        assert_eq!(of(r#"{"sid":"CA1","status":"canceled","start_time":null,"end_time":null}"#), Some(0));
        assert_eq!(of(r#"{"sid":"CA1","status":"no-answer","start_time":null}"#), None);
    }

    #[test]
    fn a_new_call_says_how_long_it_will_be_queued() {
        let of = |body: &str| queued_for(body.as_bytes()).map(|wait| wait.as_millis());
        assert_eq!(of(r#"{"sid":"CA1","queue_time":"95000"}"#), Some(95_000));
        assert_eq!(of(r#"{"sid":"CA1","queue_time":1000}"#), Some(1000));
        for nothing in [r#"{"sid":"CA1"}"#, r#"{"queue_time":null}"#, r#"{"queue_time":"-1"}"#, "queue_time"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
        assert_eq!(of(r#"{"queue_time":"99999999999"}"#), None, "longer than anything is queued");
    }

    #[test]
    fn a_report_takes_durations_and_prices_as_strings_or_numbers() {
        let body = br#"{"sid":"CA1","status":"completed","duration":"12","price":-0.013,"answered_by":null}"#;
        let report = report(body, None).unwrap();
        assert_eq!((report.status, report.duration_s), (CallStatus::Completed, Some(12)));
        assert_eq!((report.price.as_deref(), report.answered_by), (Some("-0.013"), None));
    }
}
