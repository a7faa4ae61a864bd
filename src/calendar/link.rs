//! How to join: the link and the telephone number of a meeting, from the places where calendars put them.
//!
//! Properties made for it come first, then the place, the address of the event, and its description. A link to a known
//! meeting service wins wherever it stands; any other `https` address counts only where a way to join is expected, and
//! that of a map never.
//! Redirect wrappers of mail scanners are taken off.

mod host;
mod services;

use crate::model::is_at_or_below;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use host::host_and_path;
use services::is_meeting;

/// Longest link that is believed, in bytes.
const LONGEST: usize = 2000;

/// Bytes of a text that are looked through: no invitation is longer.
pub(super) const LOOKED_THROUGH: usize = 100_000;

/// What a text is, and thus what a link in it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A property or a place that says where to meet.
    Place,
    /// Anything else: descriptions are full of links.
    Other,
}

/// The link to join by, from the texts of an event in the order of their worth.
pub(super) fn link(texts: &[(From, String)]) -> Option<String> {
    let mut to_join = None;
    for (from, text) in texts {
        for link in addresses(text).map(unwrapped) {
            if is_meeting(&link) {
                return Some(link);
            }
            if *from == From::Place && to_join.is_none() && link.starts_with("https://") && !is_map(&link) {
                to_join = Some(link);
            }
        }
    }
    to_join
}

/// At most the first `most` bytes of a text.
pub(super) fn head(text: &str, most: usize) -> &str {
    (0..=most.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// Characters that end an address, as HTML writes them.
const ENTITIES: [&str; 6] = ["&lt;", "&gt;", "&quot;", "&#34;", "&#39;", "&nbsp;"];

/// The web addresses in a text, or in HTML.
fn addresses(text: &str) -> impl Iterator<Item = String> {
    let text = head(text, LOOKED_THROUGH);
    let mut read = 0;
    text.match_indices("://").filter_map(move |(at, _)| {
        let scheme = ["https", "http"].into_iter().find(|scheme| ends_with(text.get(..at), scheme))?;
        let behind = text.get(at + 3..).filter(|_| at >= read)?;
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '|');
        let whole = head(behind, LONGEST);
        let is_end = |(at, c): &(usize, char)| ends(*c) || (*c == '&' && begins_with_entity(whole.get(*at..)));
        let end = whole.char_indices().find(is_end).map_or(whole.len(), |(at, _)| at);
        read = at + 3 + end;
        let behind = behind.get(..end)?.replace("&amp;", "&");
        let behind = behind.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', ']', '}']);
        let behind = if behind.contains('(') { behind } else { behind.trim_end_matches([')', '.', ',']) };
        (!behind.is_empty() && end + "https://".len() <= LONGEST).then(|| format!("{scheme}://{behind}"))
    })
}

fn begins_with_entity(text: Option<&str>) -> bool {
    text.is_some_and(|text| ENTITIES.iter().any(|entity| text.starts_with(entity)))
}

fn ends_with(text: Option<&str>, word: &str) -> bool {
    let end = text.and_then(|text| text.get(text.len().checked_sub(word.len())?..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// Wrappers around each other that are taken off.
const MOST_WRAPPERS: usize = 3;

/// The address inside the wrappers of mail scanners or of a search engine, if there are some.
fn unwrapped(link: String) -> String {
    let is_address = |link: &String| link.starts_with("https://") || link.starts_with("http://");
    let unwrapped = std::iter::successors(Some(link.clone()), |link| inside(link).filter(is_address));
    unwrapped.take(MOST_WRAPPERS + 1).last().unwrap_or(link)
}

/// The address inside one wrapper.
fn inside(link: &str) -> Option<String> {
    let (host, path) = host_and_path(link);
    if host.ends_with(".safelinks.protection.outlook.com") {
        unescaped(parameter(path, "url")?)
    } else if is_at_or_below(&host, "google.com") && path.starts_with("/url?") {
        unescaped(parameter(path, "q")?)
    } else if is_at_or_below(&host, "urldefense.com") && path.starts_with("/v3/__") {
        defended(path.strip_prefix("/v3/__")?)
    } else if is_at_or_below(&host, "urldefense.proofpoint.com") && path.starts_with("/v2/url?") {
        unescaped(&parameter(path, "u")?.replace('-', "%").replace('_', "/"))
    } else {
        None
    }
}

/// A parameter of the query, as it stands.
fn parameter<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let mut pairs = path.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What stands in `/v3/__ADDRESS__;BYTES!…`. A `*` in the address is the next of the bytes (Base64), `**B` the next three
/// (`A` would be two).
fn defended(text: &str) -> Option<String> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (address, behind) = text.split_once("__;")?;
    let bytes = URL_SAFE_NO_PAD.decode(behind.split_once('!')?.0.trim_end_matches('=')).ok()?;
    let (mut plain, mut bytes, mut rest) = (Vec::new(), bytes.into_iter(), address);
    while let Some((before, behind)) = rest.split_once('*') {
        plain.extend(before.bytes());
        let several = behind.strip_prefix('*').and_then(|run| Some((DIGITS.find(run.get(..1)?)? + 2, run.get(1..)?)));
        let (length, behind) = several.unwrap_or((1, behind));
        for _ in 0..length {
            plain.push(bytes.next()?);
        }
        rest = behind;
    }
    plain.extend(rest.bytes());
    sound(plain)
}

/// `%3A` is `:`.
fn unescaped(value: &str) -> Option<String> {
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        plain.push(if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            u8::try_from(digit()? * 16 + digit()?).ok()?
        } else {
            byte
        });
    }
    sound(plain)
}

/// Bytes that can be an address.
fn sound(plain: Vec<u8>) -> Option<String> {
    String::from_utf8(plain).ok().filter(|plain| !plain.contains(|c: char| c.is_control() || c.is_whitespace()))
}

/// Maps: an address of one says where a place is, not how to join.
const MAPS: [&str; 6] = ["maps.app.goo.gl", "goo.gl", "openstreetmap.org", "osm.org", "what3words.com", "w3w.co"];

/// Is this the address of a map?
fn is_map(link: &str) -> bool {
    let (host, path) = host_and_path(link);
    let is_path = path.strip_prefix("/maps").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    host.starts_with("maps.") || is_path || MAPS.iter().any(|map| is_at_or_below(&host, map))
}

/// The telephone number to join by, with its PIN: `+12025550100,,123456#`.
pub(super) fn dial_in(texts: &[(From, String)]) -> Option<String> {
    texts.iter().find_map(|(from, text)| numbers(text).find_map(|number| number.dialled(*from)))
}

/// A telephone number in a text, and what stands around it.
struct Number<'t> {
    /// `+` and its digits.
    digits: String,
    /// A scheme says that it is one.
    is_uri: bool,
    behind: &'t str,
}

/// The international telephone numbers in a text.
fn numbers(text: &str) -> impl Iterator<Item = Number<'_>> {
    let text = head(text, LOOKED_THROUGH);
    text.match_indices('+').filter_map(move |(at, _)| {
        let near = head(text.get(at + 1..)?, 30);
        let of_a_number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}');
        let number = near.get(..near.find(|c| !of_a_number(c)).unwrap_or(near.len()))?;
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let sound = (7..=15).contains(&digits.len()) && number.starts_with(|c: char| c.is_ascii_digit());
        let is_uri = ends_with(text.get(..at), "tel:");
        let behind = text.get(at + 1 + number.len()..)?;
        sound.then(|| Number { digits: format!("+{digits}"), is_uri, behind })
    })
}

/// Words before a number that lets a caller in.
const PIN_WORDS: [&str; 6] = ["pin", "conference id", "meeting id", "access code", "passcode", "kennnummer"];

impl Number<'_> {
    /// How to dial in by it; `None` where it is just somebody's telephone number.
    fn dialled(&self, from: From) -> Option<String> {
        let of_a_dialler = |c: &char| c.is_ascii_digit() || matches!(c, ',' | '#' | '*');
        let pauses: String = self.behind.chars().take_while(of_a_dialler).take(60).collect();
        if pauses.starts_with(",,") || (self.is_uri && pauses.starts_with(',')) {
            return Some(format!("{}{}", self.digits, pauses.trim_end_matches(',')));
        }
        match self.pin() {
            Some(pin) => Some(format!("{},,{pin}#", self.digits)),
            None => (self.is_uri || from == From::Place).then(|| self.digits.clone()),
        }
    }

    /// The digits behind the first word for a PIN, soon after the number.
    fn pin(&self) -> Option<String> {
        let near = head(self.behind, 120).to_lowercase();
        let whole_word = |at: &usize| !near.get(..*at).is_some_and(|before| before.ends_with(char::is_alphabetic));
        let found = |word: &&str| near.find(word).filter(whole_word).map(|at| (at, at + word.len()));
        let (_, end) = PIN_WORDS.iter().filter_map(found).min()?;
        let rest = near.get(end..)?.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n' && c != '+');
        let digits = rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
        let pin: String = digits.filter(char::is_ascii_digit).collect();
        (3..=15).contains(&pin.len()).then_some(pin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAMS: &str =
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ab%40thread.v2/0?context=%7b%22Tid%22%7d";

    fn link_in(from: From, text: &str) -> Option<String> {
        link(&[(from, text.to_owned())])
    }

    fn number_in(from: From, text: &str) -> Option<String> {
        dial_in(&[(from, text.to_owned())])
    }

    #[test]
    fn links_to_meetings_are_found_in_descriptions() {
        let html = "<html><a href=\"https://example.zoom.us/j/123?pwd=a&amp;x=1\">join</a></html>";
        for (text, link) in [
            ("Join: https://meet.google.com/abc-defg-hij.", "https://meet.google.com/abc-defg-hij"),
            (
                "see https://example.com/agenda\nhttps://us02web.zoom.us/j/123?pwd=a.b,",
                "https://us02web.zoom.us/j/123?pwd=a.b",
            ),
            (html, "https://example.zoom.us/j/123?pwd=a&x=1"),
            (&format!("________\nJoin <{TEAMS}>\n"), TEAMS),
            ("(HTTPS://example.webex.com/meet/bo)", "https://example.webex.com/meet/bo"),
            ("https://meet.jit.si/Standup", "https://meet.jit.si/Standup"),
            ("https://jitsi.example.org/standup", "https://jitsi.example.org/standup"),
            ("https://meet.example.org/standup?jwt=a.b", "https://meet.example.org/standup?jwt=a.b"),
            ("&lt;https://zoom.us/j/7&gt; https://zoom.us/j/8", "https://zoom.us/j/7"),
            ("https://zoom.us/j/7?a=1&amp;b=2&nbsp;<br>", "https://zoom.us/j/7?a=1&b=2"),
            ("http://whereby.com/bo|x", "http://whereby.com/bo"),
        ] {
            assert_eq!(link_in(From::Other, text), Some(link.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_links_in_descriptions_are_no_meetings() {
        for text in [
            "https://example.com/agenda",
            "https://zoom.us/u/abc https://support.zoom.us/hc",
            "https://teams.microsoft.com/meetingOptions/?x=1 https://aka.ms/JoinTeamsMeeting",
            "https://meet.google.com/",
            "https://zoom.us@example.com/j/1",
            "https://notzoom.us/j/1",
            "https://",
            "x://zoom.us/j/1",
            "https://teams.microsoft.com/l/meetingrecap?driveId=1",
            "https://conference.example.org https://conference.example.org/ https://conference.example.org/?lang=en",
            "https://conference.example.org/2026/program https://conference.example.org/talks.html#3",
            "https://help.webex.com/article/1 https://www.webex.com/downloads.html",
        ] {
            assert_eq!(link_in(From::Other, text), None, "{text}");
        }
    }

    #[test]
    fn a_place_may_be_any_https_address_but_a_known_meeting_wins() {
        let place = (From::Place, "Room 1, https://example.com/call/7".to_owned());
        assert_eq!(link(std::slice::from_ref(&place)), Some("https://example.com/call/7".to_owned()));
        let zoom = (From::Other, "https://zoom.us/j/9".to_owned());
        assert_eq!(link(&[place, zoom]), Some("https://zoom.us/j/9".to_owned()));
        assert_eq!(link_in(From::Place, "http://example.com/call"), None);
    }

    #[test]
    fn the_address_of_a_map_is_no_way_to_join() {
        for map in ["https://maps.app.goo.gl/a", "https://www.google.de/maps/place/a", "https://maps.apple.com/?q=a"] {
            assert_eq!(link_in(From::Place, map), None, "{map}");
            let room = format!("{map} https://example.com/maps-team/7");
            assert_eq!(link_in(From::Place, &room), Some("https://example.com/maps-team/7".to_owned()), "{map}");
        }
    }

    #[test]
    fn wrappers_of_mail_scanners_are_taken_off() {
        let safe = "https://eur01.safelinks.protection.outlook.com/ap/t-59584e83/?url=https%3A%2F%2Fzoom.us%2Fj%2F7%3Fpwd%3Da&amp;data=05";
        assert_eq!(link_in(From::Other, safe), Some("https://zoom.us/j/7?pwd=a".to_owned()));
        let google = "https://www.google.com/url?q=https://meet.jit.si/x&sa=D";
        assert_eq!(link_in(From::Other, google), Some("https://meet.jit.si/x".to_owned()));
        let broken = "https://eur01.safelinks.protection.outlook.com/?url=javascript%3A1";
        assert_eq!(link_in(From::Place, broken), Some(broken.to_owned()));
    }

    #[test]
    fn wrappers_of_proofpoint_are_taken_off_also_inside_another_one() {
        let v2 =
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__us02web.zoom.us_j_7-3Fpwd-3Da-2Db-5Fc&d=DwMF&c=x";
        let teams = "https://urldefense.com/v3/__https://teams.microsoft.com/l/meetup-join/19*3ameeting_a*40thread.v2/0\
                     ?context=*7b*7d__;JSUlJQ!!Abc!def$";
        let runs = "https://urldefense.com/v3/__https://zoom.us/j/7?pwd=**Bx*__;fn5-fg!!Abc!def$";
        let zoom = "https://urldefense.com/v3/__https://zoom.us/j/7__;!!Abc!def-_x$";
        let safe = format!(
            "https://eur01.safelinks.protection.outlook.com/?url={}&data=05",
            zoom.replace(':', "%3A").replace('/', "%2F")
        );
        for (wrapped, plain) in [
            (v2, "https://us02web.zoom.us/j/7?pwd=a-b_c"),
            (teams, "https://teams.microsoft.com/l/meetup-join/19%3ameeting_a%40thread.v2/0?context=%7b%7d"),
            (runs, "https://zoom.us/j/7?pwd=~~~x~"),
            (zoom, "https://zoom.us/j/7"),
            (&safe, "https://zoom.us/j/7"),
        ] {
            assert_eq!(link_in(From::Other, wrapped), Some(plain.to_owned()), "{wrapped}");
        }
        for broken in [
            "https://urldefense.com/v3/__https://zoom.us/j/7",
            "https://urldefense.com/v3/__https://zoom.us/j/7**__;!!a",
            "https://urldefense.com/v3/__https://zoom.us/j/7*__;?!!a",
            "https://urldefense.proofpoint.com/v2/url?u=https-zz",
        ] {
            assert_eq!(link_in(From::Place, broken), Some(broken.to_owned()));
        }
    }

    #[test]
    fn a_link_longer_than_any_real_one_is_left_out() {
        let long = format!("https://zoom.us/j/{}", "1".repeat(3000));
        assert_eq!(link_in(From::Place, &long), None);
    }

    #[test]
    fn numbers_to_dial_in_are_found_with_their_pins() {
        for (text, number) in [
            ("Or dial: (US) +1 202-555-0100 PIN: 123 456 789#", "+12025550100,,123456789#"),
            ("+12025550100,,987654321#,,,,*123# US", "+12025550100,,987654321#,,,,*123#"),
            ("tel:+1-202-555-0100", "+12025550100"),
            ("+1 (202) 555-0100 United States\nPhone Conference ID: 555 000 1#", "+12025550100,,5550001#"),
        ] {
            assert_eq!(number_in(From::Other, text), Some(number.to_owned()), "{text}");
        }
        assert_eq!(number_in(From::Place, "+1 202 555 0100"), Some("+12025550100".to_owned()));
    }

    #[test]
    fn somebodys_telephone_number_is_no_way_to_join() {
        for text in ["Bo, +1 202-555-0100", "+1 202 555 0100 (shopping 123)", "1 + 1234567", "+12", "PIN: 123456"] {
            assert_eq!(number_in(From::Other, text), None, "{text}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_beginnings_is_read_once() {
        let text = "https://+1".repeat(200_000);
        assert_eq!((addresses(&text).count(), numbers(&text).count()), (1, 0));
    }
}
