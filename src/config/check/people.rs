//! `[[person]]`: who is called, and how it is said.

use super::sources::Sources;
use super::{channels, policy};
use crate::calendar::Policy;
use crate::config::Person;
use crate::config::raw::Table;
use crate::config::screen::{Hidden, quoted};
use crate::config::show::{Problem, Report};
use crate::model::{Email, Phone, Voice};
use crate::near::nearest;
use crate::rules::message::Template;
use crate::zone::Zone;
use std::ops::Range;
use toml::Spanned;

/// What `[call]` and `[calendar]` say for people who say nothing else.
pub(super) struct Defaults {
    message: Template,
    voice: Voice,
    policy: Policy,
}

impl Defaults {
    pub(super) fn read(call: &Table<'_, '_>, calendar: &Table<'_, '_>, report: &Report<'_>) -> Self {
        Self {
            message: message(call, report).unwrap_or_else(Template::standard),
            voice: voice(call, &Voice { voice: None, language: "en-US".into() }, report),
            policy: policy::policy(calendar, &Policy::default(), report),
        }
    }
}

/// A person as far as it could be read, with the places two people are compared by.
struct Draft<'a> {
    id: Option<Spanned<&'a str>>,
    phone: Option<Spanned<Phone>>,
    shared: bool,
    person: Option<Person>,
}

pub(super) fn people(tables: &[Table<'_, '_>], defaults: &Defaults, sources: &Sources<'_, '_>) -> Vec<Person> {
    let report = sources.report;
    let drafts: Vec<Draft<'_>> = tables.iter().map(|table| draft(table, defaults, sources)).collect();
    for (index, draft) in drafts.iter().enumerate() {
        same_id(&drafts[..index], draft, report);
        same_phone(&drafts[..index], draft, report);
    }
    drafts.into_iter().filter_map(|draft| draft.person).collect()
}

fn draft<'a>(table: &Table<'a, '_>, defaults: &Defaults, sources: &Sources<'_, '_>) -> Draft<'a> {
    let report = sources.report;
    let id = id(table, report);
    let phone = phone(table, "phone", report);
    if !table.has("phone") {
        table.missing("phone", "\"+12025550101\"");
    }
    let name = name(table, report);
    let zone = zone(table, report);
    let email = email(table, "email", report);
    let ring_timeout = super::limits::ring(table, report);
    let message = message(table, report).unwrap_or_else(|| defaults.message.clone());
    let voice = voice(table, &defaults.voice, report);
    let shared = table.flag("shared_phone").unwrap_or(false);
    let calendars = sources.of(table, id.as_ref().map_or("", |id| id.get_ref()));
    let addresses = policy::addresses(table, report);
    let policy = Policy { addresses, ..policy::policy(table, &defaults.policy, report) };
    let presence_command = channels::program(table, "presence_command", sources.input, report);
    let person = id.as_ref().zip(phone.as_ref()).map(|(id, phone)| Person {
        id: (*id.get_ref()).to_owned(),
        name: name.unwrap_or(id.get_ref()).to_owned(),
        phone: phone.get_ref().clone(),
        email: email.map(Spanned::into_inner),
        ring_timeout,
        zone: zone.unwrap_or_else(Zone::system),
        message,
        voice,
        shared_phone: shared,
        calendars,
        policy,
        presence_command,
    });
    Draft { id, phone, shared, person }
}

fn id<'a>(table: &Table<'a, '_>, report: &Report<'_>) -> Option<Spanned<&'a str>> {
    if !table.has("id") {
        table.missing("id", "\"ana\"");
    }
    let id = table.text("id", "\"ana\"")?;
    let typable = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !id.get_ref().is_empty() && id.get_ref().len() <= 64 && id.get_ref().bytes().all(typable) {
        return Some(id);
    }
    let label = "1 to 64 letters (a to z), digits, `-`, `_` or `.`; the spoken name goes into `name`";
    report.push(Problem::new(format!("invalid id {}", quoted(id.get_ref()))).at(&id.span()).label(label));
    None
}

fn name<'a>(table: &Table<'a, '_>, report: &Report<'_>) -> Option<&'a str> {
    let name = table.text("name", "\"Ana\"")?;
    if name.get_ref().trim().is_empty() {
        report.push(Problem::new("the name is empty").at(&name.span()).label("write the name as it is spoken"));
    }
    Some(name.into_inner())
}

/// A number under this key; wrong ones are reported.
pub(super) fn phone(table: &Table<'_, '_>, key: &'static str, report: &Report<'_>) -> Option<Spanned<Phone>> {
    let text = table.text(key, "\"+12025550101\"")?;
    match Phone::parse(text.get_ref()) {
        Ok(phone) => Some(Spanned::new(text.span(), phone)),
        Err(why) => {
            let title = format!("`{key}` is not a number that can be called");
            report.push(Problem::new(title).at(&text.span()).label(why.to_string()));
            None
        }
    }
}

/// A mail address under this key; wrong ones are reported.
pub(super) fn email(table: &Table<'_, '_>, key: &'static str, report: &Report<'_>) -> Option<Spanned<Email>> {
    let text = table.text(key, "\"ana@example.com\"")?;
    match Email::parse(text.get_ref()) {
        Ok(email) => Some(Spanned::new(text.span(), email)),
        Err(why) => {
            let title = format!("`{key}` is not an address that can be written to");
            report.push(Problem::new(title).at(&text.span()).label(why.to_string()));
            None
        }
    }
}

fn zone(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Zone> {
    let name = table.text("zone", "\"Europe/Berlin\"")?;
    if let Some(zone) = Zone::named(name.get_ref()) {
        return Some(zone);
    }
    let label = match near_zone(name.get_ref()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "write an IANA name, such as \"Europe/Berlin\"".into(),
    };
    report.push(Problem::new(format!("unknown time zone {}", quoted(name.get_ref()))).at(&name.span()).label(label));
    None
}

/// A zone with nearly this name, or of the city with this name: people write `Berlin` and `New York`.
fn near_zone(typed: &str) -> Option<&'static str> {
    let names = Zone::names();
    let city = typed.trim().replace(' ', "_");
    let is_city = |name: &&str| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
    names.iter().copied().find(is_city).or_else(|| nearest(&city, names.iter().copied()))
}

pub(super) fn message(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Template> {
    let text = table.text("message", "a text with {title} in it")?;
    match Template::parse(text.get_ref()) {
        Ok(template) => Some(template),
        Err(wrong) => {
            let at = inside(&text, &wrong.at, report);
            report.push(Problem::new(wrong.problem).at(&at).label(wrong.help));
            None
        }
    }
}

/// Bytes of a decoded text as bytes of the file: only where the text stands there as it is, without escapes.
fn inside(text: &Spanned<&str>, part: &Range<usize>, report: &Report<'_>) -> Range<usize> {
    let span = text.span();
    let typed = report.source(&span);
    if typed.len() == text.get_ref().len() + 2 && typed.get(1..typed.len() - 1) == Some(*text.get_ref()) {
        return span.start + 1 + part.start..span.start + 1 + part.end;
    }
    span
}

fn voice(table: &Table<'_, '_>, default: &Voice, report: &Report<'_>) -> Voice {
    let voice = word(table, "voice", "Polly.Joanna", report, |b| matches!(b, b'.' | b'-' | b'_'));
    let language = word(table, "language", "en-US", report, |b| b == b'-');
    Voice {
        voice: voice.or_else(|| default.voice.clone()),
        language: language.unwrap_or_else(|| default.language.clone()),
    }
}

/// A word of ASCII letters, digits and some marks: it becomes part of a request.
fn word(
    table: &Table<'_, '_>,
    key: &'static str,
    like: &str,
    report: &Report<'_>,
    mark: impl Fn(u8) -> bool,
) -> Option<String> {
    let text = table.text(key, &format!("\"{like}\""))?;
    let sound = (1..=64).contains(&text.get_ref().len())
        && text.get_ref().bytes().all(|b| b.is_ascii_alphanumeric() || mark(b));
    if !sound {
        let title = format!("invalid {key} {}", quoted(text.get_ref()));
        report.push(Problem::new(title).at(&text.span()).label(format!("such as \"{like}\"")));
    }
    sound.then(|| (*text.get_ref()).to_owned())
}

fn same_id(before: &[Draft<'_>], draft: &Draft<'_>, report: &Report<'_>) {
    let Some(id) = &draft.id else { return };
    let Some(first) = before.iter().filter_map(|d| d.id.as_ref()).find(|other| other.get_ref() == id.get_ref()) else {
        return;
    };
    let title = format!("two people with the id {}", quoted(id.get_ref()));
    let label = format!("the first is in line {}", report.line_of(first.span().start));
    report.push(Problem::new(title).at(&id.span()).label(label));
}

fn same_phone(before: &[Draft<'_>], draft: &Draft<'_>, report: &Report<'_>) {
    let Some(phone) = &draft.phone else { return };
    let same = |other: &&Draft<'_>| other.phone.as_ref().is_some_and(|p| p.get_ref() == phone.get_ref());
    let Some(first) = before.iter().filter(same).find(|other| !(other.shared && draft.shared)) else { return };
    let line = first.phone.as_ref().map_or(0, |p| report.line_of(p.span().start));
    let title = format!("two people with the number {}; the first is in line {line}", phone.get_ref());
    let help = "correct one of them, or write `shared_phone = true` for both";
    report.push(Problem::new(title).at(&phone.span()).hide(Hidden::Phone).help(help));
}
