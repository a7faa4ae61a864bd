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
    ("title", "the meeting's title; several are joined by \" and \""),
    ("minutes", "the minutes left, as a number"),
    ("minutes_text", "the time left in English, such as \"3 minutes\" or \"less than a minute\""),
    ("time", "the start in the person's zone, such as \"9:05\""),
    ("time12", "the same on a twelve-hour clock, such as \"9:05 am\""),
    ("link", "where to join the meeting (of several, the earliest); empty where the calendar does not say"),
];

/// The longest message, in bytes of escaped XML. Twilio takes 4,000 characters of TwiML, and voices of the Polly family
/// speak 3,000 (docs/errors/13521); what is left is for the tags. Titles are cut to keep to it.
pub const MESSAGE_MAX_XML: usize = 3000;

/// The longest template, in bytes: leaves room for names and titles.
pub const TEMPLATE_MAX: usize = 1000;

/// The longest title of a meeting that is spoken, in characters.
const TITLE_MAX: usize = 300;

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

    /// The words for these meetings (earliest start first) at `now`. Empty without meetings. Never longer than
    /// [`MESSAGE_MAX_XML`] once it is escaped: titles are cut for it, the rest is not.
    pub fn render(&self, name: &str, zone: &Zone, meetings: &[MeetingWords], now: Timestamp) -> String {
        let name = cut(&printable(name), TITLE_MAX);
        let mut longest = TITLE_MAX;
        loop {
            let said = self.render_with(&name, zone, meetings, now, longest);
            if escaped_len(&said) <= MESSAGE_MAX_XML || longest == 0 {
                return said;
            }
            longest = longest * 3 / 4;
        }
    }

    fn render_with(
        &self,
        name: &str,
        zone: &Zone,
        meetings: &[MeetingWords],
        now: Timestamp,
        longest: usize,
    ) -> String {
        let Some(first) = meetings.iter().min_by_key(|m| m.starts_at) else { return String::new() };
        let titles: Vec<String> = meetings.iter().map(|m| cut(&printable(&m.title), longest)).collect();
        let left_ms = first.starts_at.since(now);
        let mut said = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => said.push_str(text),
                Part::Placeholder(index) => match PLACEHOLDERS[*index].0 {
                    "name" => said.push_str(name),
                    "title" => said.push_str(&titles.join(" and ")),
                    "minutes" => said.push_str(&minutes(left_ms).to_string()),
                    "minutes_text" => said.push_str(&minutes_text(left_ms)),
                    "time12" => said.push_str(&zone.clock_text_12(first.starts_at)),
                    "link" => said.push_str(&link(first)),
                    _ => said.push_str(&zone.clock_text(first.starts_at)),
                },
            }
        }
        said
    }
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
mod tests {
    use super::*;

    fn said(template: &str, titles: &[&str], left_s: i64) -> String {
        let start = Timestamp::from_ms(1_795_338_300_000); // 2026-11-22T09:05:00Z
        let meetings: Vec<MeetingWords> = titles
            .iter()
            .map(|t| MeetingWords { uid: "u".into(), title: (*t).into(), starts_at: start, link: None })
            .collect();
        let now = Timestamp::from_ms(start.ms() - left_s * 1000);
        Template::parse(template).unwrap().render("Ana", &Zone::utc(), &meetings, now)
    }

    #[test]
    fn the_default_message_names_person_title_minutes_and_local_time() {
        assert_eq!(
            said(DEFAULT_MESSAGE, &["Board sync"], 180),
            "Hello Ana. This is savehub. Board sync starts in 3 minutes, at 9:05."
        );
        assert_eq!(Template::standard(), Template::parse(DEFAULT_MESSAGE).unwrap());
    }

    #[test]
    fn minutes_are_rounded_and_singular_when_one() {
        let cases =
            [(180, "3 minutes"), (178, "3 minutes"), (90, "1 minute"), (60, "1 minute"), (59, "less than a minute")];
        for (left, text) in cases {
            assert_eq!(said("{minutes_text}", &["x"], left), text, "{left} s");
        }
    }

    #[test]
    fn the_link_of_the_earliest_meeting_and_either_clock_can_be_named() {
        let start = Timestamp::from_ms(1_795_338_300_000); // 2026-11-22T09:05:00Z
        let of = |link: &str, at: Timestamp| MeetingWords {
            uid: "u".into(),
            title: "t".into(),
            starts_at: at,
            link: Some(link.to_owned()),
        };
        let later = of("https://example.com/2", start.plus(std::time::Duration::from_secs(60)));
        let say = |template: &str, first: MeetingWords| {
            let meetings = [later.clone(), first];
            Template::parse(template).unwrap().render("Ana", &Zone::utc(), &meetings, start)
        };
        let first = of("https://example.com/1\u{1b}[0m", start);
        assert_eq!(say("{time} {time12} {link}", first), "9:05 9:05 am https://example.com/1 [0m");
        assert_eq!(say("at {link}", of(&"x".repeat(LINK_MAX + 1), start)), "at ");
        for (hour, text) in [(0, "12:05 am"), (11, "11:05 am"), (12, "12:05 pm"), (23, "11:05 pm")] {
            let at = Timestamp::from_ms(start.ms() + (hour - 9) * 3_600_000);
            assert_eq!(Zone::utc().clock_text_12(at), text);
        }
    }

    #[test]
    fn several_titles_are_joined_and_braces_can_be_written() {
        assert_eq!(said("{{{title}}}", &["A", "B\u{7}"], 60), "{A and B}");
    }

    #[test]
    fn a_long_message_loses_parts_of_its_titles_and_nothing_else() {
        let nasty = "&".repeat(5000);
        let text = said("Start {title} end.", &[&nasty, &nasty, &nasty], 60);
        assert!(escaped_len(&text) <= MESSAGE_MAX_XML);
        assert!(text.starts_with("Start &&") && text.ends_with("&… end."), "{text}");
    }

    #[test]
    fn unknown_and_broken_placeholders_point_into_the_text() {
        let bad = Template::parse("Hi {titel}!").unwrap_err();
        assert_eq!((bad.at, bad.problem.as_str()), (3..10, "unknown placeholder `{titel}`"));
        assert_eq!(bad.help, "known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}");
        assert_eq!(Template::parse("a { b").unwrap_err().at, 2..5);
        assert_eq!(Template::parse("a } b").unwrap_err().at, 2..3);
        assert_eq!(Template::parse("  ").unwrap_err().problem, "the message is empty");
    }
}
