//! The list of calls: what reconciliation rests on.
//!
//! Asked by number only: a filter by start time would miss calls that are still queued, since their start is empty.

use super::Twilio;
use super::answer::{sid, status};
use super::pages::CALLS;
use crate::http::http_date;
use crate::model::{CallList, ListedCall, Phone, Timestamp};
use crate::provider::ProviderError;
use serde_json::Value;

impl Twilio {
    /// Every outbound call to `to` from `from` that the API made, over all pages.
    pub(super) fn read_list(&self, to: &Phone, from: &Phone, now: Timestamp) -> Result<CallList, ProviderError> {
        let query = [("To", to.expose()), ("From", from.expose())];
        let pages = self
            .read_pages(CALLS, &query, now, |entry| Ok(ours(entry, to, from)?.map(|call| (call.sid.clone(), call))))?;
        Ok(CallList { calls: pages.entries, server_now: pages.server_now, skew_ms: pages.skew_ms })
    }
}

/// An entry as a call of ours. `None`: certainly none, such as the inbound record a callee in the same account gets, or
/// the child call of a `<Dial>`.
fn ours(entry: &Value, to: &Phone, from: &Phone) -> Result<Option<ListedCall>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let direction = text("direction").ok_or_else(|| CALLS.entry_unreadable())?;
    if direction != "outbound-api" || text("parent_call_sid").is_some_and(|parent| !parent.is_empty()) {
        return Ok(None);
    }
    if text("to") != Some(to.expose()) || text("from") != Some(from.expose()) {
        return Err(CALLS.foreign_entry());
    }
    let known = (sid(entry), text("date_created").and_then(http_date), text("status"));
    let (Some(sid), Some(created_at), Some(_)) = known else { return Err(CALLS.entry_unreadable()) };
    Ok(Some(ListedCall { sid: sid.to_owned(), status: status(entry), created_at, tag: None }))
}
