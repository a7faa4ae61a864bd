//! What is said: a template with named placeholders, checked when the config is read.

use crate::model::{MeetingWords, Timestamp, cut, printable};
use crate::zone::Zone;
use std::ops::Range;

/// The message of a config that has none.
pub const DEFAULT_MESSAGE: &str = "Hello {name}. This is savehub. {title} starts in {minutes_text}, at {time}.";

/// Whom a message speaks to, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The person, before the start.
    Person,
    /// The person, after the start.
    Late,
    /// Somebody who should know that the person is missing.
    Contact,
}

/// What the person is told after the start.
pub const LATE_MESSAGE: &str = "Hello {name}. This is savehub. {title} started at {time}.";

/// What a contact is told.
pub const CONTACT_MESSAGE: &str = "This is savehub. {name} seems to be missing {title}, at {time}.";

/// The end of savehub's own words in a text message where answers are heard; savehub-hear(7) says what else counts.
pub const REPLY_HINT: &str = " Reply 1 if you are in.";

/// The placeholders a template may hold, and what they become.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("name", "the person's name"),
    ("title", "the meeting's title; several that start together are joined by \" and \""),
    ("minutes", "the minutes left, as a number"),
    ("minutes_text", "the time left in English, such as \"3 minutes\" or \"less than a minute\""),
    ("time", "the start in the person's zone, such as \"9:05\""),
    ("time12", "the same on a twelve-hour clock, such as \"9:05 am\""),
    (
        "link",
        "where to join the meeting (of several that start together, the first); empty where the calendar does not say",
    ),
];

/// The longest message, in bytes of escaped XML. Twilio takes 4,000 characters of TwiML, and voices of the Polly family
/// speak 3,000 (docs/errors/13521); what is left is for the tags. Titles are cut to keep to it.
pub const MESSAGE_MAX_XML: usize = 3000;

/// The longest template, in bytes: leaves room for names and titles.
pub const TEMPLATE_MAX: usize = 1000;

/// The longest title of a meeting that is spoken, in characters.
const TITLE_MAX: usize = 300;

/// Titles of several meetings are not cut below this for the sake of each one's own time, in characters.
const TITLE_MIN: usize = 20;

/// The longest link that is named, in bytes.
const LINK_MAX: usize = 400;

/// A checked message template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(usize),
}

/// What is wrong with a template, and where in its text (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Bytes of the template text.
    pub at: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub help: String,
}

impl Template {
    /// Reads a template: `{placeholder}`, `{{` for a brace, anything else as it stands.
    pub fn parse(text: &str) -> Result<Self, TemplateProblem> {
        let problem = |at: Range<usize>, problem: String| TemplateProblem {
            at,
            problem,
            help: format!("known placeholders: {}", names()),
        };
        if text.trim().is_empty() {
            return Err(problem(0..text.len(), "the message is empty".into()));
        }
        if text.len() > TEMPLATE_MAX {
            return Err(problem(0..text.len(), format!("the message is longer than {TEMPLATE_MAX} bytes")));
        }
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), 0);
        while let Some(open) = text[rest..].find(['{', '}']).map(|i| i + rest) {
            plain.push_str(&text[rest..open]);
            let brace = &text[open..=open];
            if text[open + 1..].starts_with(brace) {
                plain.push_str(brace);
                rest = open + 2;
                continue;
            }
            if brace == "}" {
                return Err(problem(open..open + 1, "a `}` without its `{`; write `}}` for the character".into()));
            }
            let Some(close) = text[open..].find('}').map(|i| i + open) else {
                return Err(problem(open..text.len(), "a `{` without its `}`; write `{{` for the character".into()));
            };
            let name = &text[open + 1..close];
            let Some(index) = PLACEHOLDERS.iter().position(|(known, _)| *known == name) else {
                return Err(problem(open..close + 1, format!("unknown placeholder `{{{name}}}`")));
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Placeholder(index));
            rest = close + 1;
        }
        plain.push_str(&text[rest..]);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The default message.
    pub fn standard() -> Self {
        Self::message(Audience::Person)
    }

    /// The message that is said when the config has none.
    pub fn message(audience: Audience) -> Self {
        Self::constant(match audience {
            Audience::Person => DEFAULT_MESSAGE,
            Audience::Late => LATE_MESSAGE,
            Audience::Contact => CONTACT_MESSAGE,
        })
    }

    /// The same words, and how to answer them.
    #[must_use]
    pub fn asking_for_a_reply(mut self) -> Self {
        self.0.push(Part::Text(REPLY_HINT.to_owned()));
        self
    }

    /// The subject of a mail.
    pub fn subject(audience: Audience) -> Self {
        Self::constant(match audience {
            Audience::Person => "{title} starts at {time}",
            Audience::Late => "{title} started at {time}",
            Audience::Contact => "{name} seems to be missing {title}",
        })
    }

    /// A test covers the constants; guard 0 would refuse an empty template.
    fn constant(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self(Vec::new()))
    }

    /// The words for these meetings at `now`. Meetings that start together are named together. Of others each is named
    /// with its own time: the sentences about a meeting are said again for it. Empty without meetings. Never longer
    /// than [`MESSAGE_MAX_XML`] once it is escaped: titles are cut for it, the rest is not. Where so many meetings have
    /// no room, all are named in one sentence, with the time of the first.
    pub fn render(&self, name: &str, zone: &Zone, meetings: &[MeetingWords], now: Timestamp) -> String {
        let name = cut(&printable(name), TITLE_MAX);
        let apart = together(meetings);
        let at_once = vec![apart.concat()];
        let mut said = String::new();
        for (meetings, shortest) in [(&apart, TITLE_MIN), (&at_once, 0)] {
            let mut longest = TITLE_MAX;
            while longest >= shortest {
                said = self.say(&Said { name: &name, zone, now, longest }, meetings);
                if escaped_len(&said) <= MESSAGE_MAX_XML || longest == 0 {
                    return said;
                }
                longest = longest * 3 / 4;
            }
        }
        said
    }

    fn say(&self, with: &Said<'_>, meetings: &[Vec<&MeetingWords>]) -> String {
        let Some(first) = meetings.first() else { return String::new() };
        if meetings.len() == 1 || !self.0.iter().any(Part::tells_when) {
            let all: Vec<&MeetingWords> = meetings.iter().flatten().copied().collect();
            return said(&self.0, with, &all);
        }
        let [before, about, after] = self.around_the_meeting();
        let each: Vec<String> = meetings.iter().map(|meetings| said(&about, with, meetings)).collect();
        let mut whole = said(&before, with, first);
        for (place, words) in each.iter().enumerate() {
            if place > 0 {
                whole.push_str(if each[place - 1].trim_end().ends_with(SENTENCE_ENDS) { " " } else { ". " });
            }
            whole.push_str(if place > 0 { words.trim_start() } else { words });
        }
        whole.push_str(&said(&after, with, first));
        whole
    }

    /// The sentences before the first one about a meeting, those about one, and those after the last.
    fn around_the_meeting(&self) -> [Vec<Part>; 3] {
        let mut sentences = self.sentences();
        let is_about = |sentence: &Vec<Part>| sentence.iter().any(Part::is_of_a_meeting);
        let last = sentences.iter().rposition(is_about).map_or(0, |last| last + 1);
        let after = sentences.split_off(last).concat();
        let first = sentences.iter().position(is_about).unwrap_or(0);
        let about = sentences.split_off(first).concat();
        [sentences.concat(), about, after]
    }

    /// The parts, cut behind each sentence.
    fn sentences(&self) -> Vec<Vec<Part>> {
        let mut sentences = vec![Vec::new()];
        for part in &self.0 {
            let Part::Text(text) = part else {
                sentences.last_mut().into_iter().for_each(|sentence| sentence.push(part.clone()));
                continue;
            };
            let mut rest = text.as_str();
            while let Some(end) = sentence_end(rest) {
                let (sentence, next) = rest.split_at(end);
                sentences.last_mut().into_iter().for_each(|parts| parts.push(Part::Text(sentence.to_owned())));
                sentences.push(Vec::new());
                rest = next;
            }
            if !rest.is_empty() {
                sentences.last_mut().into_iter().for_each(|parts| parts.push(Part::Text(rest.to_owned())));
            }
        }
        sentences
    }
}

/// What a sentence ends with, before a space.
const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', '\n'];

/// Where the first sentence of this text ends, without the space behind it.
fn sentence_end(text: &str) -> Option<usize> {
    let ends = text.char_indices().filter(|(_, c)| SENTENCE_ENDS.contains(c)).map(|(at, c)| at + c.len_utf8());
    ends.into_iter().find(|end| text[*end..].starts_with(char::is_whitespace))
}

impl Part {
    /// Does it stand for something of one meeting?
    fn is_of_a_meeting(&self) -> bool {
        matches!(self, Self::Placeholder(index) if PLACEHOLDERS[*index].0 != "name")
    }

    /// Does it stand for a time?
    fn tells_when(&self) -> bool {
        let times = ["minutes", "minutes_text", "time", "time12"];
        matches!(self, Self::Placeholder(index) if times.contains(&PLACEHOLDERS[*index].0))
    }
}

/// The meetings, earliest first; those that start in the same minute are together.
fn together(meetings: &[MeetingWords]) -> Vec<Vec<&MeetingWords>> {
    let mut sorted: Vec<&MeetingWords> = meetings.iter().collect();
    sorted.sort_by_key(|meeting| meeting.starts_at);
    let minute = |meeting: &MeetingWords| meeting.starts_at.ms().div_euclid(60_000);
    sorted.chunk_by(|a, b| minute(a) == minute(b)).map(<[_]>::to_vec).collect()
}

/// What a message is said with, besides the meetings.
struct Said<'a> {
    name: &'a str,
    zone: &'a Zone,
    now: Timestamp,
    /// Longest title, in characters.
    longest: usize,
}

/// The words of these parts, for meetings that start together.
fn said(parts: &[Part], with: &Said<'_>, meetings: &[&MeetingWords]) -> String {
    let Some(first) = meetings.first() else { return String::new() };
    let left_ms = first.starts_at.since(with.now);
    let mut said = String::new();
    let mut several = false;
    for part in parts {
        match part {
            Part::Text(text) if several => said.push_str(&plural(text)),
            Part::Text(text) => said.push_str(text),
            Part::Placeholder(index) => match PLACEHOLDERS[*index].0 {
                "name" => said.push_str(with.name),
                "title" => {
                    let titles: Vec<_> = meetings.iter().map(|m| cut(&printable(&m.title), with.longest)).collect();
                    said.push_str(&titles.join(" and "));
                }
                "minutes" => said.push_str(&minutes(left_ms).to_string()),
                "minutes_text" => said.push_str(&minutes_text(left_ms)),
                "time12" => said.push_str(&with.zone.clock_text_12(first.starts_at)),
                "link" => said.push_str(&link(first)),
                _ => said.push_str(&with.zone.clock_text(first.starts_at)),
            },
        }
        several = meetings.len() > 1 && matches!(part, Part::Placeholder(i) if PLACEHOLDERS[*i].0 == "title");
    }
    said
}

/// English verbs behind one title, and behind several.
const VERBS: &[(&str, &str)] =
    &[("starts", "start"), ("begins", "begin"), ("is", "are"), ("has", "have"), ("was", "were")];

/// The text behind several titles.
fn plural(text: &str) -> String {
    let verb = text.strip_prefix(' ').and_then(|words| {
        let end = words.find(|c: char| !c.is_alphanumeric()).unwrap_or(words.len());
        let (_, many) = VERBS.iter().find(|(one, _)| *one == &words[..end])?;
        Some(format!(" {many}{}", &words[end..]))
    });
    verb.unwrap_or_else(|| text.to_owned())
}

/// A cut link would lead nowhere, so a longer one is left out.
fn link(meeting: &MeetingWords) -> String {
    let link = meeting.link.as_deref().map(printable).unwrap_or_default();
    if link.len() <= LINK_MAX { link } else { String::new() }
}

/// Length in bytes after XML escaping of text (`&`, `<` and `>`).
fn escaped_len(text: &str) -> usize {
    text.bytes()
        .map(|b| match b {
            b'&' => 5,
            b'<' | b'>' => 4,
            _ => 1,
        })
        .sum()
}

fn names() -> String {
    PLACEHOLDERS.iter().map(|(name, _)| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
}

/// Whole minutes left, a half rounded down, so it never promises half a minute too much.
fn minutes(left_ms: i64) -> i64 {
    (left_ms.max(0) + 29_999) / 60_000
}

fn minutes_text(left_ms: i64) -> String {
    match minutes(left_ms) {
        _ if left_ms < 60_000 => "less than a minute".into(),
        1 => "1 minute".into(),
        n => format!("{n} minutes"),
    }
}

#[cfg(test)]
mod tests;
