//! Settings of people and their calendars, of contacts, and of the rungs.

use super::single::{duration, maybe, policy_of, text};
use super::written::{Written, mail};
use super::{Around, Origin, Shown, Value, keys_of};
use crate::config::{CalendarSource, Contact, Person, Rung};
use crate::model::{Email, Offset, Phone, Whom, printable};
use crate::rules::message::DEFAULT_MESSAGE;

/// One table of several: its name, and the settings of its keys, in order.
type Entry = (Option<String>, Vec<Shown>);

impl Around<'_> {
    pub(super) fn people(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let of = |(person, table): (&Person, Written<'_, '_>)| {
            let values = keys_of("person").map(|key| self.person(key, person, table, root)).collect();
            (Some(person.id.clone()), values)
        };
        self.config.people.iter().zip(root.list("person")).map(of).collect()
    }

    fn person(&self, key: &str, person: &Person, table: Written<'_, '_>, root: Written<'_, '_>) -> Shown {
        let (call, calendar) = (root.at("call"), root.at("calendar"));
        let own = |other| if table.has(key) { table } else { other };
        let value = match key {
            "id" => text(&person.id),
            "name" => text(&person.name),
            "phone" => Value::Text(person.phone.masked()),
            "email" => maybe(person.email.as_ref().map(Email::masked).as_deref()),
            "ring_timeout" if table.has(key) => person.ring_timeout.map_or(Value::NotSet(None), duration),
            "ring_timeout" => return root.at("engine").shown(key, duration(self.config.engine.ring_timeout)),
            "zone" => text(person.zone.name()),
            "message" => return own(call).message(key, DEFAULT_MESSAGE),
            "voice" => return own(call).shown(key, maybe(person.voice.voice.as_deref())),
            "language" => return own(call).shown(key, text(&person.voice.language)),
            "shared_phone" => Value::Flag(person.shared_phone),
            "calendars" => names(person.calendars.iter().map(|source| source.name.as_str())),
            "addresses" => Value::List(person.policy.addresses.iter().map(|address| mail(address)).collect()),
            "presence_command" => return table.program(key, person.presence_command.as_deref()),
            _ => return policy_of(key, own(calendar)),
        };
        table.shown(key, value)
    }

    pub(super) fn calendars(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let of_person = |(person, table): (&Person, Written<'_, '_>)| {
            let lines = table.lines_of("calendars");
            let entry = |((source, item), line): ((&CalendarSource, Written<'_, '_>), Origin)| {
                let values = keys_of("calendars").map(|key| self.calendar_of(key, source, item, line)).collect();
                (Some(printable(&format!("{}: {}", person.id, source.name))), values)
            };
            person.calendars.iter().zip(table.list("calendars")).zip(lines).map(entry).collect::<Vec<_>>()
        };
        self.config.people.iter().zip(root.list("person")).flat_map(of_person).collect()
    }

    /// `line`: where it stands in the list; a calendar that is a text has no keys of its own.
    fn calendar_of(&self, key: &str, source: &CalendarSource, item: Written<'_, '_>, line: Origin) -> Shown {
        let typed_as_text = !item.is_table();
        match (key, &source.place) {
            ("name", _) => item.shown(key, text(&source.name)),
            ("refresh", crate::config::CalendarPlace::Web(_)) => match source.refresh {
                Some(refresh) => item.shown(key, duration(refresh)),
                None => (duration(self.config.calendar.refresh), Origin::Default),
            },
            ("file", crate::config::CalendarPlace::File(path)) => {
                let at = if typed_as_text { line } else { item.origin(key) };
                (text(&path.display().to_string()), at)
            }
            ("url", crate::config::CalendarPlace::Web(_)) if typed_as_text => {
                (Value::Secret("in the config".into()), line)
            }
            ("url" | "url_env" | "url_file" | "url_command", _) => item.secret(key, self.path, self.env),
            _ => (Value::NotSet(None), Origin::Default),
        }
    }

    pub(super) fn contacts(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let value = |key: &str, contact: &Contact| match key {
            "name" => text(&contact.name),
            "phone" => maybe(contact.phone.as_ref().map(Phone::masked).as_deref()),
            _ => maybe(contact.email.as_ref().map(Email::masked).as_deref()),
        };
        let of = |(contact, table): (&Contact, Written<'_, '_>)| {
            let values = keys_of("contact").map(|key| table.shown(key, value(key, contact))).collect();
            (Some(printable(&contact.name)), values)
        };
        self.config.contacts.iter().zip(root.list("contact")).map(of).collect()
    }

    /// The rungs; those of the default ladder stand in no table.
    pub(super) fn ladder(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let written = root.list("ladder");
        let of = |(index, rung): (usize, &Rung)| {
            let table = written.get(index).copied().unwrap_or_else(|| root.at("none"));
            let values = keys_of("ladder").map(|key| rung_of(key, rung, table)).collect();
            (Some((index + 1).to_string()), values)
        };
        self.config.ladder.iter().enumerate().map(of).collect()
    }
}

fn rung_of(key: &str, rung: &Rung, table: Written<'_, '_>) -> Shown {
    let action = &rung.action;
    let value = match (key, action.at) {
        ("step", _) => text(action.kind.as_str()),
        ("before", Offset::Before(before)) => duration(before),
        ("after", Offset::After(after)) => duration(after),
        ("to", _) if action.kind.is_named() => Value::NotSet(None),
        ("to", _) => match &action.to {
            Whom::Person => text("person"),
            Whom::Contact(name) => text(name),
        },
        ("when", _) => text(action.when.as_str()),
        ("use", _) => maybe(action.channel.as_deref()),
        ("message", _) => return table.message(key, ""),
        _ => Value::NotSet(None),
    };
    table.shown(key, value)
}

pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    Value::List(names.map(printable).collect())
}
