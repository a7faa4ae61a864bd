//! The list of calls: what reconciliation rests on.
//!
//! A call that is missing from a list that was believed would be placed again. So everything here that is not a whole
//! and readable list is an error, never a shorter list: a page that cannot be fetched, an entry that cannot be read, a
//! list that goes on elsewhere or for too long.
//!
//! Asked by number only: a filter by start time would miss calls that are still queued, since their start is empty.

use super::Twilio;
use super::answer::{sid, skew_ms, status};
use crate::http::{date, http_date};
use crate::model::{CallList, ListedCall, Phone, Timestamp};
use crate::provider::ProviderError;
use crate::provider::http::{HttpAnswer, form_encode};
use serde_json::Value;
use std::collections::HashSet;
use ureq::http::Uri;

/// Calls of one page: the most Twilio gives (docs/voice/api/call-resource, `PageSize`).
pub const PAGE_MAX: usize = 1000;

/// Pages of one list. More calls than they hold between two numbers are an error.
pub const PAGES_MAX: usize = 10;

/// The longest page that is read, in bytes. A Call object takes less than 2 KiB.
const PAGE_BYTES_MAX: usize = 4 << 20;

impl Twilio {
    /// Every outbound call to `to` from `from` that the API made, over all pages.
    pub(super) fn read_list(&self, to: &Phone, from: &Phone, now: Timestamp) -> Result<CallList, ProviderError> {
        let size = PAGE_MAX.to_string();
        let asked = form_encode(&[("To", to.expose()), ("From", from.expose()), ("PageSize", &size)]);
        let mut next = Some(format!("{}?{asked}", self.calls_url()));
        let (mut calls, mut seen, mut heard) = (Vec::new(), HashSet::new(), None);
        for _ in 0..PAGES_MAX {
            let Some(url) = next else { break };
            let answer = self.success(self.http.get_up_to(&url, &self.authorization, PAGE_BYTES_MAX))?;
            // The first answer's time: the list is as old as its oldest page.
            heard.get_or_insert_with(|| when(&answer, now));
            let page: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable("is not JSON"))?;
            let entries = page.get("calls").and_then(Value::as_array).ok_or_else(|| unreadable("holds no calls"))?;
            for entry in entries {
                // A call that is made meanwhile pushes the others down, so that one can stand on two pages.
                if let Some(call) = ours(entry, to, from)?
                    && seen.insert(call.sid.clone())
                {
                    calls.push(call);
                }
            }
            next = self.next_page(&page)?;
        }
        match (next, heard) {
            (None, Some((server_now, skew_ms))) => Ok(CallList { calls, server_now, skew_ms }),
            _ => Err(unreadable(&format!("goes on after {PAGES_MAX} pages"))),
        }
    }

    /// The address of the next page, on the host that was asked: credentials go nowhere else.
    fn next_page(&self, page: &Value) -> Result<Option<String>, ProviderError> {
        let next = match page.get("next_page_uri") {
            Some(Value::Null) => return Ok(None),
            Some(Value::String(next)) if next.is_empty() => return Ok(None),
            Some(Value::String(next)) => next,
            // Silence is no promise that the list ends here.
            _ => return Err(unreadable("does not say whether it goes on")),
        };
        let foreign = || unreadable("goes on at another address");
        let base: Uri = self.base_url.parse().map_err(|_| foreign())?;
        let origin = format!("{}://{}", base.scheme_str().unwrap_or_default(), base.authority().ok_or_else(foreign)?);
        let rest = next.strip_prefix(&origin).unwrap_or(next);
        if rest.starts_with('/') && !rest.starts_with("//") {
            Ok(Some(format!("{origin}{rest}")))
        } else {
            Err(foreign())
        }
    }
}

/// The provider's time at this answer, or ours, and the difference.
fn when(answer: &HttpAnswer, now: Timestamp) -> (Timestamp, Option<i64>) {
    let ours = now.plus(answer.elapsed);
    (date(&answer.headers).unwrap_or(ours), skew_ms(&answer.headers, ours))
}

/// An entry as a call of ours. `None`: certainly none, such as the inbound record a callee in the same account gets, or
/// the child call of a `<Dial>`.
fn ours(entry: &Value, to: &Phone, from: &Phone) -> Result<Option<ListedCall>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let entry_unreadable = || unreadable("holds a call that cannot be read");
    let direction = text("direction").ok_or_else(entry_unreadable)?;
    if direction != "outbound-api" || text("parent_call_sid").is_some_and(|parent| !parent.is_empty()) {
        return Ok(None);
    }
    // A list that was not filtered as asked may leave out what was asked for.
    if text("to") != Some(to.expose()) || text("from") != Some(from.expose()) {
        return Err(unreadable("holds a call between other numbers"));
    }
    let known = (sid(entry), text("date_created").and_then(http_date), text("status"));
    let (Some(sid), Some(created_at), Some(_)) = known else { return Err(entry_unreadable()) };
    Ok(Some(ListedCall { sid: sid.to_owned(), status: status(entry), created_at }))
}

fn unreadable(why: &str) -> ProviderError {
    ProviderError::Transient(format!("the provider's list of calls {why}"))
}
