//! Content lines (RFC 5545 section 3.1), read on bytes.
//!
//! [`Lines`] finds where each line begins and ends, with its folds, and copies nothing. Whoever wants a line unfolds it
//! into a [`Property`]; a line without a fold is borrowed. What real files do is borne: CRLF, LF and CR mixed, folds
//! inside UTF-8 sequences and inside names, a BOM, UTF-16, bytes that are no UTF-8 (read as Windows-1252).

use std::borrow::Cow;
use std::io::BufRead;
use std::ops::Range;

/// The bytes to read: without a BOM, as UTF-8 where they are UTF-16, and without NUL, which no calendar may hold (RFC 5545
/// section 3.1) and no PostgreSQL can.
pub(crate) fn content(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut content = without_bom(bytes);
    if content.contains(&0) {
        content.to_mut().retain(|b| *b != 0);
    }
    content
}

fn without_bom(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(from_utf16(rest, u16::from_be_bytes)),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(from_utf16(rest, u16::from_le_bytes)),
        [0, b'B' | b'b', ..] => Cow::Owned(from_utf16(bytes, u16::from_be_bytes)),
        [b'B' | b'b', 0, ..] => Cow::Owned(from_utf16(bytes, u16::from_le_bytes)),
        _ => Cow::Borrowed(bytes),
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into_bytes()
}

/// Where a content line stands, folds included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its bytes, without the line break at its end.
    pub(super) span: Range<usize>,
    /// Number of its first line in the file, from 1.
    pub(super) number: usize,
    /// It has at least one fold.
    pub(super) folded: bool,
}

/// The content lines of a file. The next LF and the next CR are remembered, so that each byte is looked at once for
/// each, whichever of them the file uses.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: usize,
    lf: Option<usize>,
    cr: Option<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, number: 1, lf: None, cr: None }
    }

    /// The end of the line that goes on at `at`.
    fn end(&mut self) -> usize {
        let lf = next(self.bytes, b'\n', self.at, &mut self.lf);
        lf.min(next(self.bytes, b'\r', self.at, &mut self.cr))
    }

    /// Steps behind the line break at `end`.
    fn step(&mut self, end: usize) {
        let rest = self.bytes.get(end..).unwrap_or_default();
        self.at = end + if rest.starts_with(b"\r\n") { 2 } else { rest.len().min(1) };
        self.number += 1;
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let (start, number) = (self.at, self.number);
        let mut end = self.end();
        self.step(end);
        let mut folded = false;
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            folded = true;
            end = self.end();
            self.step(end);
        }
        Some(Line { span: start..end, number, folded })
    }
}

/// Where `byte` stands next, from `from` on; the end where it does not. `known` is the answer of the last time.
fn next(bytes: &[u8], byte: u8, from: usize, known: &mut Option<usize>) -> usize {
    match *known {
        Some(at) if at >= from => at,
        _ => *known.insert(find(bytes, byte, from)),
    }
}

/// `skip_until` is the fastest search for a byte in the standard library, in debug builds too.
fn find(bytes: &[u8], byte: u8, from: usize) -> usize {
    let mut rest = bytes.get(from..).unwrap_or_default();
    let stepped = rest.skip_until(byte).unwrap_or(0);
    let at = from + stepped;
    if stepped > 0 && bytes.get(at - 1) == Some(&byte) { at - 1 } else { bytes.len() }
}

/// Takes the folds out of a line, at most `most` bytes of it. A line break without a blank behind it, as wrong
/// exporters write it into long texts, stays as a line break of the text.
pub(super) fn unfold(raw: &[u8], most: usize) -> Cow<'_, str> {
    if !raw.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        return decode(Cow::Borrowed(raw.get(..most).unwrap_or(raw)));
    }
    let mut line = Vec::with_capacity(raw.len().min(most));
    let mut rest = raw;
    while line.len() < most {
        let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        line.extend_from_slice(&rest[..end]);
        rest = match &rest[end..] {
            [] => break,
            [b'\r', b'\n', b' ' | b'\t', behind @ ..] | [_, b' ' | b'\t', behind @ ..] => behind,
            [b'\r', b'\n', behind @ ..] | [_, behind @ ..] => {
                line.push(b'\n');
                behind
            }
        };
    }
    line.truncate(most);
    decode(Cow::Owned(line))
}

/// UTF-8, or else Windows-1252, which gives every byte some character.
fn decode(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(b) => std::str::from_utf8(b).map_or_else(|_| Cow::Owned(windows_1252(b)), Cow::Borrowed),
        Cow::Owned(b) => Cow::Owned(String::from_utf8(b).unwrap_or_else(|e| windows_1252(e.as_bytes()))),
    }
}

/// Characters of the bytes 0x80 to 0x9F in Windows-1252; the others are those of Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A line that was cut inside a UTF-8 sequence is sound up to there; its last bytes are left out.
fn windows_1252(bytes: &[u8]) -> String {
    if let Err(e) = std::str::from_utf8(bytes)
        && e.error_len().is_none()
        && e.valid_up_to() + 4 > bytes.len()
        && !bytes[..e.valid_up_to()].is_ascii()
    {
        return String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned();
    }
    let high = |b: u8| b.checked_sub(0x80).and_then(|i| WINDOWS_1252.get(usize::from(i)));
    bytes.iter().map(|b| high(*b).copied().unwrap_or(char::from(*b))).collect()
}

/// The name of a property; `None` when the line is no property (no name, or nothing behind it).
pub(super) fn name(raw: &[u8]) -> Option<&[u8]> {
    let of_a_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let end = raw.iter().position(|b| !of_a_name(b))?;
    (end > 0 && matches!(raw.get(end), Some(b':' | b';'))).then(|| &raw[..end])
}

/// A property: one unfolded line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property<'a> {
    text: Cow<'a, str>,
    /// Where the parameters begin and where the colon stands.
    head: usize,
    colon: usize,
}

impl<'a> Property<'a> {
    /// Takes an unfolded line apart.
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        let head = text.find([';', ':']).unwrap_or(text.len());
        let date = || colon_before_date(&text, head);
        let colon = date().or_else(|| colon(&text, head)).or_else(|| text.find(':')).unwrap_or(text.len());
        Self { text, head, colon }
    }

    /// The whole line, unfolded.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The value, as it stands.
    pub(super) fn value(&self) -> &str {
        self.text.get(self.colon + 1..).unwrap_or_default()
    }

    /// The first value of a parameter, without quotes; names do not mind case.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        outside_quotes(self.values(name)?, ',').next().map(unquoted)
    }

    /// The zone's name in `TZID`: a single value, so that a comma belongs to it, with or without quotes.
    pub(super) fn zone(&self) -> Option<&str> {
        self.values("TZID").map(unquoted)
    }

    /// What stands behind the name of a parameter.
    fn values(&self, name: &str) -> Option<&str> {
        let params = self.text.get(self.head..self.colon).unwrap_or_default();
        let mut pairs = outside_quotes(params, ';').filter_map(|param| param.split_once('='));
        pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, values)| values)
    }
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches('"').trim()
}

/// Properties with parameters whose value is a date, or begins with one.
const DATES: [&str; 5] = ["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"];

/// Where such a property has parameters, its value begins behind the last colon that leaves a date; so an unquoted
/// `TZID` may hold colons.
fn colon_before_date(text: &str, head: usize) -> Option<usize> {
    let line = text.split('\n').next().filter(|line| line.as_bytes().get(head) == Some(&b';'))?;
    let is_date = DATES.iter().any(|name| line.get(..head).is_some_and(|head| head.eq_ignore_ascii_case(name)));
    let colons = line.rmatch_indices(':').take_while(|(at, _)| is_date && *at > head);
    colons.map(|(at, _)| at).find(|at| line.get(at + 1..).is_some_and(begins_as_date))
}

/// `20260112` or `2026-01-12`, whatever stands behind it.
fn begins_as_date(text: &str) -> bool {
    let digits = text.trim_start().bytes().take(10).filter(|b| *b != b'-').take(8);
    digits.map(|b| b.is_ascii_digit()).eq([true; 8])
}

/// The colon before the value: not one in quotes, and not one in parentheses, as in an unquoted `TZID=(UTC-05:00) …`.
fn colon(text: &str, head: usize) -> Option<usize> {
    let (mut quoted, mut open) = (false, false);
    text.bytes().enumerate().skip(head).find_map(|(at, b)| {
        match b {
            b'"' => quoted = !quoted,
            b'(' | b')' if !quoted => open = b == b'(',
            b':' if !(quoted || open) => return Some(at),
            _ => {}
        }
        None
    })
}

/// The parts of `text` between `separator`s outside quotes.
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(usize, String)> {
        Lines::new(bytes).map(|l| (l.number, unfold(&bytes[l.span], 100).into_owned())).collect()
    }

    fn property(text: &str) -> Property<'_> {
        Property::new(Cow::Borrowed(text))
    }

    #[test]
    fn crlf_lf_and_cr_each_end_a_line_and_a_blank_behind_them_goes_on() {
        let found = lines(b"A:1\r\nB:2\nC:3\rD:\r\n 4\n\t5\r 6\n\nE:7");
        let expected = [(1, "A:1"), (2, "B:2"), (3, "C:3"), (4, "D:456"), (8, ""), (9, "E:7")];
        assert_eq!(found, expected.map(|(n, t)| (n, t.to_owned())));
    }

    #[test]
    fn a_fold_inside_a_utf_8_sequence_is_healed() {
        assert_eq!(lines(b"SUMMARY:\xC3\r\n \xA9t\xC3\n \xA9"), [(1, "SUMMARY:été".to_owned())]);
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_read_as_windows_1252() {
        assert_eq!(unfold(b"SUMMARY:\x80 caf\xE9 \x9F", 100), "SUMMARY:€ café Ÿ");
    }

    #[test]
    fn a_line_longer_than_allowed_is_cut_and_never_in_the_middle_of_a_letter() {
        assert_eq!(unfold("X:ééé".as_bytes(), 5), "X:é");
        assert_eq!(unfold(b"X:abc\n def", 6), "X:abcd");
    }

    #[test]
    fn utf_16_and_a_byte_order_mark_are_read() {
        let text = "BEGIN:é";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [le.clone(), be.clone(), [b"\xFF\xFE", &le[..]].concat(), [b"\xFE\xFF", &be[..]].concat()]
            .iter()
            .chain(&[[b"\xEF\xBB\xBF", text.as_bytes()].concat(), text.as_bytes().to_vec()])
        {
            assert_eq!(content(bytes), text.as_bytes());
        }
    }

    #[test]
    fn a_nul_is_left_out_wherever_it_stands() {
        assert_eq!(&*content(b"BEGIN:A\0\r\nUI\0D:a\0b\0\r\n"), b"BEGIN:A\r\nUID:ab\r\n");
        let utf_16: Vec<u8> = "\u{feff}UID:a\0b".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(&*content(&utf_16), b"UID:ab");
    }

    #[test]
    fn colons_and_semicolons_in_quotes_belong_to_the_parameter() {
        let p = property(r#"DTSTART;X-FOO="a:b;c";tzid="Europe/Berlin":20260112T090000"#);
        assert_eq!((p.value(), p.param("X-Foo"), p.zone()), ("20260112T090000", Some("a:b;c"), Some("Europe/Berlin")));
        assert_eq!(p.param("VALUE"), None);
    }

    #[test]
    fn a_zone_name_with_a_colon_and_without_quotes_is_read() {
        let p = property("DTSTART;TZID=(UTC-05:00) Eastern Time (US & Canada):20260112T090000");
        assert_eq!((p.value(), p.zone()), ("20260112T090000", Some("(UTC-05:00) Eastern Time (US & Canada)")));
    }

    #[test]
    fn a_date_begins_behind_the_last_colon_that_leaves_one_and_what_is_before_it_is_the_zone() {
        for (text, value, zone) in [
            ("DTSTART;TZID=UTC+01:00:20260112T090000", "20260112T090000", "UTC+01:00"),
            ("dtend;tzid=tzone://Microsoft/Utc:20260112T090000", "20260112T090000", "tzone://Microsoft/Utc"),
            ("EXDATE;TZID=UTC+01:00:20260112T090000,20260113", "20260112T090000,20260113", "UTC+01:00"),
            ("RDATE;TZID=A:2026-01-12T09:00:00,2026-01-13T09:00:00", "2026-01-12T09:00:00,2026-01-13T09:00:00", "A"),
            ("RECURRENCE-ID;TZID=(UTC+01:00) Berlin, Bern: 20260112", " 20260112", "(UTC+01:00) Berlin, Bern"),
            ("DTSTART;TZID=\"(UTC+01:00) Berlin, Bern\":20260112", "20260112", "(UTC+01:00) Berlin, Bern"),
            ("DTSTART;TZID=Berlin, Bern:soon", "soon", "Berlin, Bern"),
            ("DTSTART;TZID=A:20260112T090000\nleft:20260113", "20260112T090000\nleft:20260113", "A"),
            ("X-OTHER;TZID=A:1:20260112", "1:20260112", "A"),
        ] {
            let property = property(text);
            assert_eq!((property.value(), property.zone()), (value, Some(zone)), "{text}");
        }
        assert_eq!(property("DTSTART:TZID=A:20260112").value(), "TZID=A:20260112");
    }

    #[test]
    fn a_date_behind_nothing_but_colons_is_looked_for_once() {
        let text = format!("RDATE;X={}", ":".repeat(1_000_000));
        assert_eq!(property(&text).value().len(), 999_999);
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_value() {
        assert_eq!(property(r#"DTSTART;TZID="tzone:20260112T090000"#).value(), "20260112T090000");
    }

    #[test]
    fn the_first_of_several_values_of_a_parameter_counts() {
        assert_eq!(property("ATTENDEE;MEMBER=\"mailto:a\",\"mailto:b\":x").param("MEMBER"), Some("mailto:a"));
    }

    #[test]
    fn a_line_without_a_name_is_no_property() {
        assert_eq!(name(b"dtstart;X=1:2"), Some(&b"dtstart"[..]));
        for line in [&b"THIS LINE IS BROKEN: yes"[..], b"", b":x", b"NAME"] {
            assert_eq!(name(line), None);
        }
    }
}
