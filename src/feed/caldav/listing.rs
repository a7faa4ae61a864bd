//! Which events a calendar has in a stretch of time: where they are, and in which version.

use super::answer::{Answer, Response, names};
use super::questions;
use super::session::{Refusal, Reply, Session};
use super::xml::Ns;
use crate::feed::{FetchFailure, Wanted};
use crate::http::Address;
use crate::model::{Timestamp, hex};
use ring::digest::{Context, SHA256};
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Events of so many days ago are asked for too: what runs still, times without a zone, and that a calendar is not
/// empty because of a quiet day.
const BACK: u32 = 8;

/// Events of so many days beyond the wanted time are asked for, for as long as the server cannot be reached; without
/// them where a server cannot list so many.
const BEYOND: [u32; 2] = [13, 0];

/// The events of a calendar.
pub(super) struct Listing {
    /// By place, whatever its spelling: the spelling of the server, and the version.
    pub(super) events: BTreeMap<String, Event>,
    /// Up to when they were asked for.
    pub(super) until: Timestamp,
}

/// Where an event is.
pub(super) struct Event {
    pub(super) href: String,
    etag: Option<String>,
}

impl Listing {
    /// Asks for the events of the wanted time and of some days around it.
    pub(super) fn ask(session: &Session<'_>, at: &mut Address, wanted: &Wanted) -> Result<Self, FetchFailure> {
        let mut last = None;
        for beyond in BEYOND {
            let from = midnight(wanted.start.minus(BACK * DAY));
            let until = midnight(wanted.end.plus((beyond + 1) * DAY));
            match session.ask(at, &questions::events(from, until))? {
                Reply::Multi(answer) if answer.is_cut() => last = None,
                Reply::Multi(answer) => return Ok(Self::read(&answer, at, until)),
                Reply::Other(refusal) if is_too_much(&refusal) => last = Some(refusal),
                Reply::Other(refusal) => return Err(refusal.into()),
            }
        }
        Err(last.map_or_else(|| "the server cannot list so many events at once".to_owned().into(), Into::into))
    }

    fn read(answer: &Answer, at: &Address, until: Timestamp) -> Self {
        let collection = at.place();
        let event = |response: &Response| {
            let place = at.join(&response.href)?.place();
            // Some servers list the collection itself, or one below it.
            let is_event = response.is_good() && place != collection && !place.ends_with('/');
            is_event.then(|| (place, Event { href: response.href.clone(), etag: response.etag() }))
        };
        Self { events: answer.responses.iter().filter_map(event).collect(), until }
    }

    /// Tells one listing from another; `None` where a version is missing, which would hide a change.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let mut digest = Context::new(&SHA256);
        for (place, event) in &self.events {
            for part in [place, event.etag.as_ref()?] {
                digest.update(&part.len().to_le_bytes());
                digest.update(part.as_bytes());
            }
        }
        Some(hex(digest.finish().as_ref().get(..16).unwrap_or_default()))
    }
}

/// The midnight before, so that the same days are asked for all day.
fn midnight(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms() - at.ms().rem_euclid(i64::from(86_400_000)))
}

/// A server that has to say too much: 507 for all of it, or 403 with the precondition (RFC 4791 section 7.8).
fn is_too_much(refusal: &Refusal) -> bool {
    refusal.status == 507 || refusal.status == 403 && names(&refusal.body, Ns::Dav, "number-of-matches-within-limits")
}
