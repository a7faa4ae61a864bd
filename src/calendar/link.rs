//! How to join: the link and the telephone number of a meeting, from the places where calendars put them.
//!
//! Properties made for it come first, then the place, the address of the event, and its description. A link to a known
//! meeting service wins wherever it stands; any other `https` address counts only where a way to join is expected.
//! Redirect wrappers of mail scanners are taken off. All searches are linear in the text.

/// Longest link that is believed, in bytes.
const LONGEST: usize = 2000;

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
    let links = || texts.iter().flat_map(|(from, text)| addresses(text).map(move |link| (*from, unwrapped(link))));
    let to_a_meeting = || links().map(|(_, link)| link).find(|link| is_meeting(link));
    let to_join = || links().find(|(from, link)| *from == From::Place && link.starts_with("https://"));
    to_a_meeting().or_else(|| to_join().map(|(_, link)| link))
}

/// The web addresses in a text, or in HTML.
fn addresses(text: &str) -> impl Iterator<Item = String> {
    let starts = text.match_indices("://").filter_map(|(at, _)| {
        let scheme = |name: &str| {
            let from = at.checked_sub(name.len())?;
            text.get(from..at)?.eq_ignore_ascii_case(name).then_some(from)
        };
        scheme("https").or_else(|| scheme("http"))
    });
    starts.filter_map(|start| {
        let rest = text.get(start..)?;
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '|');
        let bytes = rest.as_bytes();
        let near = rest.get(..rest.floor_char_boundary(LONGEST + 1))?;
        let end = near.find(ends).unwrap_or(near.len());
        let link = near.get(..end)?.replace("&amp;", "&");
        let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', ']', '}']);
        let link = if link.contains('(') { link } else { link.trim_end_matches([')', '.', ',']) };
        let (scheme, behind) = link.split_once("://")?;
        (end <= LONGEST && bytes.len() >= end && !behind.is_empty())
            .then(|| format!("{}://{behind}", scheme.to_ascii_lowercase()))
    })
}

/// The address inside a wrapper of a mail scanner or of a search engine, if there is one.
fn unwrapped(link: String) -> String {
    let (host, path) = host_and_path(&link);
    let parameter = if host.ends_with(".safelinks.protection.outlook.com") {
        "url"
    } else if is_host(&host, "google.com") && path.starts_with("/url?") {
        "q"
    } else {
        return link;
    };
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let mut parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let inner = parameters.find(|(key, _)| *key == parameter).and_then(|(_, value)| unescaped(value));
    inner.filter(|inner| inner.starts_with("https://") || inner.starts_with("http://")).unwrap_or(link)
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
    let plain = String::from_utf8(plain).ok()?;
    (!plain.contains(|c: char| c.is_control() || c.is_whitespace())).then_some(plain)
}

/// Meeting services: the host, or what it ends in after a dot, and how the path of a meeting begins.
const SERVICES: [(&str, &[&str]); 30] = [
    ("meet.google.com", &["/"]),
    ("zoom.us", &["/j/", "/my/", "/s/", "/w/", "/wc/"]),
    ("zoom.com", &["/j/", "/my/", "/s/", "/w/", "/wc/"]),
    ("zoomgov.com", &["/j/", "/my/", "/s/", "/w/", "/wc/"]),
    ("teams.microsoft.com", &["/l/meetup-join", "/meet/", "/l/meeting"]),
    ("teams.microsoft.us", &["/l/meetup-join", "/meet/", "/l/meeting"]),
    ("teams.live.com", &["/meet/", "/l/meetup-join"]),
    ("teams.cloud.microsoft", &["/meet/", "/l/meetup-join"]),
    ("webex.com", &["/"]),
    ("meet.jit.si", &["/"]),
    ("8x8.vc", &["/"]),
    ("whereby.com", &["/"]),
    ("gotomeeting.com", &["/"]),
    ("gotomeet.me", &["/"]),
    ("meet.goto.com", &["/"]),
    ("bluejeans.com", &["/"]),
    ("chime.aws", &["/"]),
    ("meetings.ringcentral.com", &["/"]),
    ("v.ringcentral.com", &["/"]),
    ("join.skype.com", &["/"]),
    ("meet.lync.com", &["/"]),
    ("facetime.apple.com", &["/"]),
    ("app.slack.com", &["/huddle/"]),
    ("call.element.io", &["/"]),
    ("kmeet.infomaniak.com", &["/"]),
    ("meet.proton.me", &["/"]),
    ("vc.larksuite.com", &["/"]),
    ("meeting.zoho.com", &["/"]),
    ("dialpad.com", &["/conference/", "/meetings/"]),
    ("livestorm.co", &["/"]),
];

/// Names that hosts of people's own meeting servers (Jitsi, BigBlueButton) begin with.
const OWN_SERVERS: [&str; 4] = ["jitsi.", "meet.", "bbb.", "conference."];

/// Is this the address of a meeting?
fn is_meeting(link: &str) -> bool {
    let (host, path) = host_and_path(link);
    let begins = |start: &&str| path.strip_prefix(*start).is_some_and(|rest| !rest.is_empty());
    match SERVICES.iter().find(|(service, _)| is_host(&host, service)) {
        Some((_, starts)) => starts.iter().any(|start| begins(&start)),
        None => OWN_SERVERS.iter().any(|start| host.starts_with(start)) && begins(&"/"),
    }
}

fn is_host(host: &str, service: &str) -> bool {
    host.strip_suffix(service).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// The host in lower case, without user and port; and what stands behind it.
fn host_and_path(link: &str) -> (String, &str) {
    let behind = link.split_once("://").map(|(_, behind)| behind).unwrap_or_default();
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (authority, path) = behind.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    (host.to_ascii_lowercase(), path)
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
    text.match_indices('+').filter_map(|(at, _)| {
        let near = text.get(at + 1..text.floor_char_boundary(at + 40))?;
        let of_a_number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}');
        let end = near.find(|c| !of_a_number(c)).unwrap_or(near.len());
        let number = near.get(..end)?;
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let before = text.get(..at)?;
        let sound = (7..=15).contains(&digits.len()) && number.starts_with(|c: char| c.is_ascii_digit());
        let is_uri = before
            .get(before.len().checked_sub(4).unwrap_or(before.len())..)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
        sound.then(|| Number {
            digits: format!("+{digits}"),
            is_uri,
            behind: text.get(at + 1 + end..).unwrap_or_default(),
        })
    })
}

/// Words before a number that lets a caller in.
const PIN_WORDS: [&str; 6] = ["pin", "conference id", "meeting id", "access code", "passcode", "kennnummer"];

impl Number<'_> {
    /// How to dial in by it; `None` where it is just somebody's telephone number.
    fn dialled(&self, from: From) -> Option<String> {
        let pauses: String =
            self.behind.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '#' | '*')).take(60).collect();
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
        let near = self.behind.get(..self.behind.floor_char_boundary(120))?.to_lowercase();
        let (_, after) = PIN_WORDS.iter().filter_map(|word| near.find(word).map(|at| (at, at + word.len()))).min()?;
        let rest = near.get(after..)?.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n' && c != '+');
        let pin: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'))
            .filter(char::is_ascii_digit)
            .collect();
        (3..=15).contains(&pin.len()).then_some(pin)
    }
}
