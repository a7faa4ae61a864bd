//! The list of calls: what reconciliation rests on.
//!
//! Asked by number only: a filter by start time would miss calls that are still queued, since their start is empty.

use super::Twilio;
use super::answer::{is_history, sid, status};
use super::pages::{CALLS, Kind};
use crate::http::http_date;
use crate::model::{Address, CallList, ListedCall, Phone, Timestamp};
use crate::provider::ProviderError;
use serde_json::Value;

impl Twilio {
    /// Every outbound call to `to` from one of `from` that the API made, over all pages.
    pub(super) fn read_list(&self, to: &Phone, from: &[&Phone], now: Timestamp) -> Result<CallList, ProviderError> {
        let pages = self.read_pages(CALLS, &between(to, from), now, |entry| {
            let call = ours(entry, to, from)?.filter(|call| !is_history(entry, call, now));
            Ok(call.map(|call| (call.sid.clone(), call)))
        })?;
        Ok(CallList { calls: pages.entries, server_now: pages.server_now, skew_ms: pages.skew_ms })
    }
}

/// The phones of these addresses, when all of them are phones and there is one.
pub(super) fn phones(addresses: &[Address]) -> Option<Vec<&Phone>> {
    addresses.iter().map(Address::phone).collect::<Option<Vec<_>>>().filter(|phones| !phones.is_empty())
}

/// The query for what went to one number. It can name one sender or none.
pub(super) fn between<'a>(to: &'a Phone, from: &[&'a Phone]) -> Vec<(&'static str, &'a str)> {
    let mut query = vec![("To", to.expose())];
    if let [from] = from {
        query.push(("From", from.expose()));
    }
    query
}

/// Which of these numbers an entry came from; `None`: from none of them. Only a list that was asked for without a
/// sender may contain such entries; in any other they are an error.
pub(super) fn sender<'a>(
    kind: Kind,
    entry: &Value,
    to: &Phone,
    from: &[&'a Phone],
) -> Result<Option<&'a Phone>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let found = from.iter().find(|number| text("from") == Some(number.expose())).copied();
    let foreign = text("to") != Some(to.expose()) || (found.is_none() && from.len() == 1);
    if foreign { Err(kind.foreign_entry()) } else { Ok(found) }
}

/// How the directions of calls begin that others made: what came in, the other leg of a call, what a trunk carried.
const FOREIGN: &[&str] = &["inbound", "outbound-dial", "trunking"];

/// Is it certainly none that the API made? A word that is not known (SignalWire writes `outbound`) may be one of ours.
pub(super) fn is_foreign(kind: Kind, foreign: &[&str], entry: &Value) -> Result<bool, ProviderError> {
    let direction = entry.get("direction").and_then(Value::as_str).ok_or_else(|| kind.entry_unreadable())?;
    Ok(foreign.iter().any(|word| direction.starts_with(word)))
}

/// An entry as a call of ours. `None`: certainly none, such as the inbound record a callee in the same account gets, or
/// the child call of a `<Dial>`.
fn ours(entry: &Value, to: &Phone, from: &[&Phone]) -> Result<Option<ListedCall>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if is_foreign(CALLS, FOREIGN, entry)? || text("parent_call_sid").is_some_and(|parent| !parent.is_empty()) {
        return Ok(None);
    }
    let Some(from) = sender(CALLS, entry, to, from)? else { return Ok(None) };
    let known = (sid(entry), text("date_created").and_then(http_date), text("status"));
    let (Some(sid), Some(created_at), Some(_)) = known else { return Err(CALLS.entry_unreadable()) };
    let from = Address::Phone(from.clone());
    Ok(Some(ListedCall { sid: sid.to_owned(), from, status: status(entry), created_at, tag: None }))
}
