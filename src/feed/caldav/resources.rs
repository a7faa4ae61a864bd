//! The events themselves: fetched in parts, and put together into one calendar.

use super::answer::Answer;
use super::listing::Listing;
use super::questions;
use super::session::{Reply, Session};
use crate::feed::FetchFailure;
use crate::http::Address;
use std::collections::BTreeMap;

/// Events in one question. Servers limit how much they answer, and a part that fails is asked for again in halves.
const PART: usize = 40;

/// Questions besides the planned ones, to find the event that a server fails over.
const MORE_QUESTIONS: usize = 16;

/// What a calendar begins with, so that one without events is one too.
const HEAD: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//savehub//CalDAV//EN\r\nEND:VCALENDAR\r\n";

/// The events of a listing.
#[derive(Default)]
pub(super) struct Resources {
    /// By place.
    data: BTreeMap<String, String>,
    /// Those that the server lists and could not send as a whole.
    missing: usize,
    bytes: usize,
}

/// Events in one calendar.
pub(super) struct Together {
    pub(super) body: Vec<u8>,
    /// Events of which something is missing.
    pub(super) missing: usize,
}

impl Resources {
    /// Fetches them; their sum may be so many bytes at most.
    pub(super) fn ask(
        session: &Session<'_>,
        at: &mut Address,
        listing: &Listing,
        most: usize,
    ) -> Result<Self, FetchFailure> {
        let events: Vec<(&str, &str)> =
            listing.events.iter().map(|(place, event)| (place.as_str(), event.href.as_str())).collect();
        let mut parts: Vec<&[(&str, &str)]> = events.chunks(PART).collect();
        let (mut found, mut more) = (Self::default(), MORE_QUESTIONS);
        while let Some(part) = parts.pop() {
            match session.ask(at, &questions::data(part.iter().map(|(_, href)| *href)))? {
                Reply::Multi(answer) => found.take(at, part, answer, most)?,
                Reply::Other(refusal) if !matches!(refusal.status, 413 | 500 | 507) || more < 2 => {
                    return Err(refusal.into());
                }
                // One event that a server cannot send must not lose the others.
                Reply::Other(_) if part.len() == 1 => found.missing += 1,
                Reply::Other(_) => {
                    more -= 2;
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([first, second]);
                }
            }
        }
        if !events.is_empty() && found.data.is_empty() && found.missing == events.len() {
            return Err("the server lists events, and sends none of them".to_owned().into());
        }
        Ok(found)
    }

    fn take(&mut self, at: &Address, part: &[(&str, &str)], answer: Answer, most: usize) -> Result<(), FetchFailure> {
        let mut left: Vec<&str> = part.iter().map(|(place, _)| *place).collect();
        for response in answer.responses {
            let place = at.join(&response.href).map(|to| to.place()).unwrap_or_default();
            // Deleted between the two questions.
            let gone = matches!(response.status, Some(404 | 410));
            let data = response.data().filter(|_| response.is_good());
            if gone || data.is_some() {
                left.retain(|wanted| *wanted != place);
            }
            if let Some(data) = data {
                self.bytes += data.len();
                if self.bytes > most {
                    return Err(format!("the calendar is longer than {most} bytes").into());
                }
                self.data.insert(place, data);
            }
        }
        self.missing += left.len();
        Ok(())
    }

    /// One calendar of all of them, in the order of their places. What is no calendar is left out, and what breaks off is
    /// ended, so that it cannot spoil the others.
    pub(super) fn together(self) -> Together {
        let (mut body, mut missing) = (HEAD.as_bytes().to_vec(), self.missing);
        for data in self.data.values() {
            let data = data.trim_start_matches('\u{feff}').trim();
            if !starts(data) {
                missing += 1;
                continue;
            }
            body.extend_from_slice(data.as_bytes());
            body.extend_from_slice(b"\r\n");
            if !ends(data) {
                missing += 1;
                body.extend_from_slice(b"END:VCALENDAR\r\n");
            }
        }
        Together { body, missing }
    }
}

fn starts(data: &str) -> bool {
    data.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
}

fn ends(data: &str) -> bool {
    let last = data.rsplit(['\r', '\n']).next().unwrap_or_default();
    last.trim().eq_ignore_ascii_case("END:VCALENDAR")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(data: &[&str]) -> (String, usize) {
        let data = data.iter().enumerate().map(|(n, data)| (n.to_string(), (*data).to_owned())).collect();
        let Together { body, missing } = Resources { data, missing: 0, bytes: 0 }.together();
        (String::from_utf8(body).unwrap(), missing)
    }

    #[test]
    fn no_event_makes_an_empty_calendar() {
        assert_eq!(together(&[]), (HEAD.to_owned(), 0));
    }

    #[test]
    fn what_is_broken_spoils_no_other_event_and_counts_as_missing() {
        let whole = "\u{feff}\r\nbegin:vcalendar\r\nend:vcalendar\r\n";
        let cut = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1";
        let (body, missing) = together(&[whole, "<html>", cut, "", whole]);
        let one = "begin:vcalendar\r\nend:vcalendar\r\n";
        assert_eq!(body, format!("{HEAD}{one}{cut}\r\nEND:VCALENDAR\r\n{one}"));
        assert_eq!(missing, 3);
    }
}
