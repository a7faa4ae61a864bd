//! `[[person]]`: who is called, and how it is said.

use super::common::{email, message, phone, program, shown_message};
use super::policy;
use super::sources::Sources;
use crate::calendar::Policy;
use crate::config::effective::{Origin, Value};
use crate::config::raw::Table;
use crate::config::screen::{Hidden, quoted};
use crate::config::show::{CheckReport, Problem};
use crate::config::{CalendarConfig, Person, steps, voices};
use crate::model::{Phone, Voice};
use crate::rules::message::{DEFAULT_MESSAGE, Template};
use crate::zone::{Zone, did_you_mean};
use std::collections::HashMap;
use toml::Spanned;

/// What `[call]`, `[calendar]` and `[engine]` say for people who say nothing else.
pub(super) struct Defaults<'a, 't> {
    message: Template,
    voice: Voice,
    policy: Policy,
    call: &'a Table<'a, 't>,
    calendar: &'a Table<'a, 't>,
    engine: &'a Table<'a, 't>,
}

impl<'a, 't> Defaults<'a, 't> {
    pub(super) fn read(call: &'a Table<'a, 't>, calendar: &'a Table<'a, 't>, engine: &'a Table<'a, 't>) -> Self {
        call.note("message", || shown_message(DEFAULT_MESSAGE));
        let voice = Spoken::read(call).or(&Voice::default());
        call.note("language", || shown_language(&voice));
        Self {
            message: message(call).unwrap_or_else(Template::standard),
            voice,
            policy: policy::policy(calendar, &Policy::default()),
            call,
            calendar,
            engine,
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

pub(super) fn people(
    tables: &[Table<'_, '_>],
    defaults: &Defaults<'_, '_>,
    config: &CalendarConfig,
    report: &CheckReport<'_>,
) -> Vec<Person> {
    let sources = Sources { config, report };
    let drafts: Vec<Draft<'_>> = tables.iter().map(|table| draft(table, defaults, &sources)).collect();
    same_ids(&drafts, report);
    same_phones(&drafts, report);
    drafts.into_iter().filter_map(|draft| draft.person).collect()
}

fn draft<'a>(table: &Table<'a, '_>, defaults: &Defaults<'_, '_>, sources: &Sources<'_, '_>) -> Draft<'a> {
    let id = id(table);
    if !table.has("phone") {
        table.missing("phone", "\"+12025550101\"");
    }
    let phone = phone(table, "phone");
    let name = name(table);
    let zone = zone(table);
    let email = email(table, "email");
    let ring_timeout = super::limits::ring(table);
    let message = message(table).unwrap_or_else(|| defaults.message.clone());
    let spoken = Spoken::read(table);
    let voice = spoken.or(&defaults.voice);
    let shared = table.flag("shared_phone", false);
    let calendars = sources.of(table, id.as_ref().map_or("", |id| id.get_ref()));
    let addresses = policy::addresses(table);
    let policy = Policy { addresses, ..policy::policy(table, &defaults.policy) };
    let presence_command = program(table, "presence_command");
    let person = id.as_ref().zip(phone.as_ref()).map(|(id, phone)| Person {
        id: (*id.get_ref()).to_owned(),
        name: name.unwrap_or(id.get_ref()).to_owned(),
        phone: phone.get_ref().clone(),
        email,
        ring_timeout,
        zone: zone.unwrap_or_else(Zone::system),
        message,
        voice,
        shared_phone: shared,
        calendars,
        policy,
        presence_command,
    });
    if let Some(person) = &person {
        show(table, person, defaults, &spoken);
    }
    Draft { id, phone, shared, person }
}

fn show(table: &Table<'_, '_>, person: &Person, defaults: &Defaults<'_, '_>, spoken: &Spoken) {
    table.note("name", || Value::text(&person.name));
    table.note("zone", || Value::text(person.zone.name()));
    table.inherit(&["ring_timeout"], defaults.engine);
    table.inherit(&["message", "voice", "language"], defaults.call);
    spoken.show(table, &person.voice, &defaults.voice);
    table.inherit(&policy::KEYS, defaults.calendar);
    table.show(Some(&person.id));
}

fn id<'a>(table: &Table<'a, '_>) -> Option<Spanned<&'a str>> {
    let id = table.needed_text("id", "\"ana\"")?;
    let typable = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !id.get_ref().is_empty() && id.get_ref().len() <= 64 && id.get_ref().bytes().all(typable) {
        return Some(id);
    }
    let label = "1 to 64 letters (a to z), digits, `-`, `_` or `.`; the spoken name goes into `name`";
    table.report.wrong(&id.span(), format!("invalid id {}", quoted(id.get_ref())), label);
    None
}

fn name<'a>(table: &Table<'a, '_>) -> Option<&'a str> {
    let name = table.text("name", "\"Ana\"")?;
    if name.get_ref().trim().is_empty() {
        table.report.wrong(&name.span(), "the name is empty", "write the name as it is spoken");
    }
    Some(name.into_inner())
}

fn zone(table: &Table<'_, '_>) -> Option<Zone> {
    let name = table.text("zone", "\"Europe/Berlin\"")?;
    if let Some(zone) = Zone::named(name.get_ref()) {
        return Some(zone);
    }
    let like = || "write an IANA name, such as \"Europe/Berlin\"".into();
    let label = did_you_mean(name.get_ref()).unwrap_or_else(like);
    table.report.wrong(&name.span(), format!("unknown time zone {}", quoted(name.get_ref())), label);
    None
}

/// How something is said, as far as it was written.
struct Spoken {
    voice: Option<String>,
    language: Option<String>,
}

impl Spoken {
    fn read(table: &Table<'_, '_>) -> Self {
        let voice = word(table, "voice", "Polly.Joanna", |b| matches!(b, b'.' | b'-' | b'_'));
        let language = word(table, "language", "en-US", |b| b == b'-').filter(|language| {
            let sound = voices::is_tag(language);
            if !sound && let Some(at) = table.text("language", "\"en-US\"") {
                let title = format!("{} is no language tag", quoted(language));
                table.report.push(Problem::new(title).at(&at.span()).label("such as \"en-US\"").only_checked());
            }
            sound
        });
        Self { voice, language }
    }

    /// With what all others have. A voice and a language that stand in different places go together only where the voice
    /// speaks the language; a voice alone speaks its own.
    fn or(&self, others: &Voice) -> Voice {
        match (&self.voice, &self.language) {
            (Some(voice), None) => {
                // What everybody has without a word in the config is no wish.
                let wished = others.language.clone().filter(|_| *others != Voice::default());
                let own = voices::language_of(voice).map(str::to_owned);
                Voice { voice: Some(voice.clone()), language: own.or(wished) }
            }
            (None, Some(language)) => {
                let speaks = |voice: &String| !voices::contradict(voice, language);
                Voice { voice: others.voice.clone().filter(speaks), language: Some(language.clone()) }
            }
            (Some(_), Some(_)) => Voice { voice: self.voice.clone(), language: self.language.clone() },
            (None, None) => others.clone(),
        }
    }

    /// Notes what follows from a voice or a language that stands alone.
    fn show(&self, table: &Table<'_, '_>, spoken: &Voice, others: &Voice) {
        if self.language.is_none() && spoken.language != others.language {
            table.note_at("language", Origin::Default, || shown_language(spoken));
        }
        if self.voice.is_none() && spoken.voice != others.voice {
            table.note_at("voice", Origin::Default, || Value::NotSet(Some("the usual voice speaks another language")));
        }
    }
}

fn shown_language(voice: &Voice) -> Value {
    voice.language.as_deref().map_or(Value::NotSet(Some("that of the voice")), Value::text)
}

/// A word of ASCII letters, digits and some marks: it becomes part of a request.
fn word(table: &Table<'_, '_>, key: &'static str, like: &str, mark: impl Fn(u8) -> bool) -> Option<String> {
    let text = table.text(key, &format!("\"{like}\""))?;
    let sound = (1..=64).contains(&text.get_ref().len())
        && text.get_ref().bytes().all(|b| b.is_ascii_alphanumeric() || mark(b));
    if !sound {
        let title = format!("invalid {key} {}", quoted(text.get_ref()));
        table.report.wrong(&text.span(), title, format!("such as \"{like}\""));
    }
    sound.then(|| (*text.get_ref()).to_owned())
}

fn same_ids(drafts: &[Draft<'_>], report: &CheckReport<'_>) {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(drafts.len());
    for id in drafts.iter().filter_map(|draft| draft.id.as_ref()) {
        steps::count(1);
        let at = *first.entry(id.get_ref()).or_insert(id.span().start);
        if at != id.span().start {
            let title = format!("two people with the id {}", quoted(id.get_ref()));
            report.wrong(&id.span(), title, format!("the first is in line {}", report.line_of(at)));
        }
    }
}

fn same_phones(drafts: &[Draft<'_>], report: &CheckReport<'_>) {
    // Of each number, the first person who has it, and the first who does not share it.
    let mut first: HashMap<&Phone, (usize, Option<usize>)> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        steps::count(1);
        let Some(phone) = &draft.phone else { continue };
        let at = phone.span().start;
        let (anybody, alone) = first.get(phone.get_ref()).map_or((None, None), |(any, alone)| (Some(*any), *alone));
        if let Some(other) = if draft.shared { alone } else { anybody } {
            let line = report.line_of(other);
            let title = format!("two people with the number {}; the first is in line {line}", phone.get_ref());
            let help = "correct one of them, or write `shared_phone = true` for both";
            report.push(Problem::new(title).at(&phone.span()).hide(Hidden::Phone).help(help));
        }
        let alone = alone.or((!draft.shared).then_some(at));
        first.insert(phone.get_ref(), (anybody.unwrap_or(at), alone));
    }
}
