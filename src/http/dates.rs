//! The dates in an answer.

use crate::model::Timestamp;
use std::time::Duration;
use ureq::http::HeaderMap;

/// The `Date` header: the server's own time, in whole seconds.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get("date")?.to_str().ok()?)
}

/// A date of RFC 2822, as in `Date` (RFC 9110 section 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    let date = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(Timestamp::from_ms(date.timestamp_millis()))
}

/// `Retry-After`: seconds, or a date, which is measured against the answer's own `Date` since our clock may be wrong.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let wait = http_date(text)?.since(date(headers)?);
    Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_against_the_answers_own_date() {
        assert_eq!(retry_after(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let date = ("date", "Sun, 22 Nov 2026 09:00:00 GMT");
        let later = ("retry-after", "Sun, 22 Nov 2026 09:00:30 GMT");
        assert_eq!(retry_after(&headers(&[date, later])), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&headers(&[later])), None);
        let earlier = ("retry-after", "Sun, 22 Nov 2026 08:00:00 GMT");
        assert_eq!(retry_after(&headers(&[date, earlier])), Some(Duration::ZERO));
        assert_eq!(retry_after(&headers(&[("retry-after", "soon")])), None);
    }
}
