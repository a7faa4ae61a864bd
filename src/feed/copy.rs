//! Is a body a whole calendar, and does it differ from the copy that is there?

use super::Fetched;
use crate::calendar::{NotACalendar, content};
use crate::model::{Validators, hex};
use ring::digest::{Context, SHA256};

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error(transparent)]
    Not(#[from] NotACalendar),
    #[error("it breaks off before its END:VCALENDAR")]
    BreaksOff,
}

/// A body that came, with what was told about it.
pub(super) fn judge(body: Vec<u8>, new: Validators, last: &Validators) -> Result<Fetched, Flaw> {
    let hash = {
        let text = content(&body);
        check(&text)?;
        hash(&text)
    };
    let same = last.hash.as_ref() == Some(&hash);
    let validators = Validators { hash: Some(hash), ..new };
    Ok(if same { Fetched::Unchanged(validators) } else { Fetched::New { body, validators, missing: 0 } })
}

/// Does it begin and end as a calendar does? What is in between is not looked at.
fn check(body: &[u8]) -> Result<(), Flaw> {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return Err(NotACalendar::Empty.into());
    }
    if start.starts_with(b"<") {
        return Err(NotACalendar::Html.into());
    }
    if !begins(start, b"BEGIN:VCALENDAR") {
        return Err(NotACalendar::NoCalendar.into());
    }
    if is_closed(start) { Ok(()) } else { Err(Flaw::BreaksOff) }
}

/// Is the last calendar in it closed? Servers append empty lines and remarks, so it searches backwards: in a body that
/// was cut off it meets a `BEGIN` first.
fn is_closed(body: &[u8]) -> bool {
    let lines = body.rsplit(|b| matches!(b, b'\r' | b'\n'));
    let first = lines.map(<[u8]>::trim_ascii).find(|line| begins(line, b"BEGIN:") || is_end(line));
    first.is_some_and(is_end)
}

fn is_end(line: &[u8]) -> bool {
    line.eq_ignore_ascii_case(b"END:VCALENDAR")
}

/// SHA-256 in hex, without `DTSTAMP` lines: many servers write the time of the request there (RFC 5545 section 3.8.7.2).
///
/// Nothing else is left out. `LAST-MODIFIED` tells of a real change where it is kept well, and where it is not the body is
/// read once more, which is cheaper than a missed change.
fn hash(body: &[u8]) -> String {
    let (mut digest, mut left_out) = (Context::new(&SHA256), false);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let goes_on = matches!(line.first(), Some(b' ' | b'\t'));
        left_out = if goes_on { left_out } else { begins(line, b"DTSTAMP:") || begins(line, b"DTSTAMP;") };
        if !left_out {
            digest.update(line);
        }
    }
    hex(digest.finish().as_ref())
}

/// Does it begin with this, whatever the case?
fn begins(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_begins_and_ends_as_one() {
        for body in [
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            "\r\n  begin:vcalendar\nend:vcalendar",
            "BEGIN:VCALENDAR\rEND:VCALENDAR\r",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\n\n \0 \n<!-- made in 3 ms -->\n",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
        ] {
            assert_eq!(check(body.as_bytes()), Ok(()), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_whole_calendar_has_its_reason() {
        for (body, flaw) in [
            ("", Flaw::Not(NotACalendar::Empty)),
            (" \r\n", Flaw::Not(NotACalendar::Empty)),
            ("<!DOCTYPE html><p>BEGIN:VCALENDAR", Flaw::Not(NotACalendar::Html)),
            ("\n<html>", Flaw::Not(NotACalendar::Html)),
            ("BEGIN:VCARD\nEND:VCARD", Flaw::Not(NotACalendar::NoCalendar)),
            ("{\"error\":1}", Flaw::Not(NotACalendar::NoCalendar)),
            ("BEGIN:VCALENDAR", Flaw::BreaksOff),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:END:VCALENDAR", Flaw::BreaksOff),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALEND", Flaw::BreaksOff),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VEVENT\n", Flaw::BreaksOff),
        ] {
            assert_eq!(check(body.as_bytes()), Err(flaw), "{body:?}");
        }
    }

    #[test]
    fn a_calendar_is_taken_with_a_byte_order_mark_and_in_utf_16() {
        let text = "\u{feff}BEGIN:VCALENDAR\r\nDTSTAMP:1\r\nEND:VCALENDAR\r\n";
        let units = |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let judged = |body: Vec<u8>| judge(body, Validators::default(), &Validators::default()).unwrap();
        let validators = |fetched| if let Fetched::New { validators, .. } = fetched { validators } else { panic!() };
        let utf_8 = validators(judged(text.as_bytes().to_vec()));
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(validators(judged(units(order, text))), utf_8);
            assert_eq!(validators(judged(units(order, &text.replace("DTSTAMP:1", "DTSTAMP:2")))), utf_8);
            assert_eq!(
                judge(units(order, "\u{feff}<html>"), Validators::default(), &Validators::default()),
                Err(Flaw::Not(NotACalendar::Html))
            );
        }
    }

    #[test]
    fn every_cut_of_a_calendar_is_seen() {
        let whole = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR";
        for length in 15..whole.len() {
            assert_eq!(check(&whole[..length]), Err(Flaw::BreaksOff), "{length}");
        }
        assert_eq!(check(whole), Ok(()));
    }

    #[test]
    fn the_hash_leaves_out_when_the_copy_was_made_and_nothing_else() {
        let with = |stamp: &str| hash(format!("BEGIN:VEVENT\r\nUID:1\r\n{stamp}SUMMARY:a\r\n b\r\n").as_bytes());
        let without = with("");
        for stamp in ["DTSTAMP:20261122T090000Z\r\n", "dtstamp;X=1:2026\n", "DTSTAMP:2026\r\n 1122\r\n\tT09\r\n"] {
            assert_eq!(with(stamp), without, "{stamp:?}");
        }
        for other in ["LAST-MODIFIED:20261122T090000Z\r\n", "DTSTAMPS:1\r\n", " DTSTAMP:1\r\n", "X:DTSTAMP:1\r\n"] {
            assert_ne!(with(other), without, "{other:?}");
        }
        assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
