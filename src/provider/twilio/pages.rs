//! Lists, over all their pages.
//!
//! A call that is missing from a list that was believed would be placed again. So everything here that is not a whole
//! and readable list is an error, never a shorter list: a page that cannot be fetched, an entry that cannot be read, a
//! list that goes on elsewhere or for too long.

use super::Twilio;
use super::answer::skew_ms;
use crate::http::date;
use crate::model::Timestamp;
use crate::provider::ProviderError;
use crate::provider::http::{HttpAnswer, form_encode};
use serde_json::Value;
use std::collections::HashSet;
use ureq::http::Uri;

/// Entries of one page: the most Twilio gives (docs/voice/api/call-resource, `PageSize`).
pub const PAGE_MAX: usize = 1000;

/// Pages of one list. More entries than they hold between two numbers are an error.
pub const PAGES_MAX: usize = 10;

/// What is listed.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// In the URL: `Calls`.
    pub(super) resource: &'static str,
    /// In the answer, and in words: `calls`.
    pub(super) many: &'static str,
    /// In words: `a call`.
    pub(super) one: &'static str,
    /// The longest page that is read, in bytes.
    page_bytes: usize,
}

/// A Call object takes less than 2 KiB.
pub(super) const CALLS: Kind = Kind { resource: "Calls", many: "calls", one: "a call", page_bytes: 4 << 20 };

/// A Message object with the longest body takes some 6 KiB.
pub(super) const MESSAGES: Kind =
    Kind { resource: "Messages", many: "messages", one: "a message", page_bytes: 8 << 20 };

/// A Conference object takes less than 2 KiB.
pub(super) const CONFERENCES: Kind =
    Kind { resource: "Conferences", many: "conferences", one: "a conference", page_bytes: 4 << 20 };

/// A whole list.
pub(super) struct Pages<T> {
    /// Each entry once.
    pub(super) entries: Vec<T>,
    /// The provider's time at the first page, or ours where it names none: the list is as old as its oldest page.
    pub(super) server_now: Timestamp,
    /// `Date` minus our clock, milliseconds.
    pub(super) skew_ms: Option<i64>,
}

/// One page of a list.
pub(super) struct Page {
    /// What stands on it.
    pub(super) entries: Vec<Value>,
    /// The address of the next one; `None`: the list ends here.
    pub(super) next: Result<Option<String>, ProviderError>,
    /// The provider's time, or ours where it names none.
    server_now: Timestamp,
    /// `Date` minus our clock, milliseconds.
    pub(super) skew_ms: Option<i64>,
}

impl Twilio {
    /// Every entry of a list that `read` keeps; it answers with the entry's id.
    pub(super) fn read_pages<T>(
        &self,
        kind: Kind,
        query: &[(&str, &str)],
        now: Timestamp,
        read: impl Fn(&Value) -> Result<Option<(String, T)>, ProviderError>,
    ) -> Result<Pages<T>, ProviderError> {
        let mut next = Some(self.first_page(kind, query));
        let (mut entries, mut seen, mut heard) = (Vec::new(), HashSet::new(), None);
        for _ in 0..PAGES_MAX {
            let Some(url) = next else { break };
            let page = self.read_page(kind, &url, now)?;
            heard.get_or_insert((page.server_now, page.skew_ms));
            for entry in &page.entries {
                // What is made meanwhile pushes the others down, so that one can stand on two pages.
                if let Some((id, entry)) = read(entry)?
                    && seen.insert(id)
                {
                    entries.push(entry);
                }
            }
            next = page.next?;
        }
        match (next, heard) {
            (None, Some((server_now, skew_ms))) => Ok(Pages { entries, server_now, skew_ms }),
            _ => Err(kind.unreadable(&format!("goes on after {PAGES_MAX} pages"))),
        }
    }

    /// The address of a list's first page.
    pub(super) fn first_page(&self, kind: Kind, query: &[(&str, &str)]) -> String {
        let size = PAGE_MAX.to_string();
        let asked = form_encode(&[query, &[("PageSize", size.as_str())]].concat());
        format!("{}?{asked}", self.list_url(kind.resource))
    }

    /// The page at this address.
    pub(super) fn read_page(&self, kind: Kind, url: &str, now: Timestamp) -> Result<Page, ProviderError> {
        let answer = self.success(self.http.get_up_to(url, &self.authorization, kind.page_bytes))?;
        let (server_now, skew_ms) = when(&answer, now);
        let mut page: Value = serde_json::from_slice(&answer.body).map_err(|_| kind.unreadable("is not JSON"))?;
        let Some(Value::Array(entries)) = page.get_mut(kind.many).map(Value::take) else {
            return Err(kind.unreadable(&format!("holds no {}", kind.many)));
        };
        Ok(Page { entries, next: self.next_page(kind, &page), server_now, skew_ms })
    }

    /// The address of the next page, on the host that was asked: credentials go nowhere else.
    fn next_page(&self, kind: Kind, page: &Value) -> Result<Option<String>, ProviderError> {
        let next = match page.get("next_page_uri") {
            Some(Value::Null) => return Ok(None),
            Some(Value::String(next)) if next.is_empty() => return Ok(None),
            Some(Value::String(next)) => next,
            // Silence is no promise that the list ends here.
            _ => return Err(kind.unreadable("does not say whether it goes on")),
        };
        let foreign = || kind.unreadable("goes on at another address");
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

impl Kind {
    pub(super) fn unreadable(self, why: &str) -> ProviderError {
        ProviderError::Transient(format!("the provider's list of {} {why}", self.many))
    }

    /// One entry is not what it should be.
    pub(super) fn entry_unreadable(self) -> ProviderError {
        self.unreadable(&format!("holds {} that cannot be read", self.one))
    }

    /// A list that was not filtered as asked may leave out what was asked for.
    pub(super) fn foreign_entry(self) -> ProviderError {
        self.unreadable(&format!("holds {} between other numbers", self.one))
    }
}

/// The provider's time at this answer, or ours, and the difference.
fn when(answer: &HttpAnswer, now: Timestamp) -> (Timestamp, Option<i64>) {
    let ours = now.plus(answer.elapsed);
    (date(&answer.headers).unwrap_or(ours), skew_ms(&answer.headers, ours))
}
