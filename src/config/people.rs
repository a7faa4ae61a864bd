//! The people of a config, found by their ids, and who else may be told.

use super::calendar::CalendarSource;
use crate::calendar::Policy;
use crate::model::{Email, Phone, Voice};
use crate::rules::message::Template;
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::time::Duration;

/// One `[[person]]` entry.
#[derive(Debug, Clone)]
pub struct Person {
    /// Short and typable; unique.
    pub id: String,
    /// As it is spoken.
    pub name: String,
    /// Who is called.
    pub phone: Phone,
    /// Where mail goes.
    pub email: Option<Email>,
    /// How long this phone rings; `None`: as `[engine]` says.
    pub ring_timeout: Option<Duration>,
    /// Display and input of times.
    pub zone: crate::zone::Zone,
    /// What is said.
    pub message: Template,
    /// How it is said.
    pub voice: Voice,
    /// `shared_phone = true`: another person may have the same number.
    pub shared_phone: bool,
    /// Where the person's meetings are.
    pub calendars: Vec<CalendarSource>,
    /// Which of them ring.
    pub policy: Policy,
    /// `presence_command`: a program and its arguments that know whether the person is in the meeting.
    pub presence_command: Option<Vec<String>>,
}

/// `[[contact]]`: somebody who may be told that a person seems to be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// For `to` in a rung; unique.
    pub name: String,
    /// For calls and messages.
    pub phone: Option<Phone>,
    /// For mail.
    pub email: Option<Email>,
}

impl Person {
    /// Somebody of whom nothing else is known.
    pub fn new(id: &str, phone: Phone) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            phone,
            email: None,
            ring_timeout: None,
            zone: crate::zone::Zone::system(),
            message: Template::standard(),
            voice: Voice::default(),
            shared_phone: false,
            calendars: Vec::new(),
            policy: Policy::default(),
            presence_command: None,
        }
    }

    /// Do meetings ring that the person declined? Without an address of theirs, nobody knows which answer is theirs.
    pub fn declined_ring(&self) -> bool {
        !self.calendars.is_empty() && self.policy.addresses.is_empty()
    }
}

/// Up to this many people are searched faster one by one than by a table.
const FEW: usize = 16;

/// The people, in the order of the file. A company has thousands, and every due step asks for its own.
#[derive(Debug, Clone, Default)]
pub struct People {
    list: Vec<Person>,
    /// The place of each person in the list, by id. Made with the first search among many.
    places: OnceLock<HashMap<String, usize>>,
}

impl People {
    /// The person with this id.
    pub fn find(&self, id: &str) -> Option<&Person> {
        if self.list.len() <= FEW {
            return self.list.iter().find(|person| person.id == id);
        }
        let places = self.places.get_or_init(|| {
            let place = |(place, person): (usize, &Person)| (person.id.clone(), place);
            self.list.iter().enumerate().map(place).collect()
        });
        places.get(id).and_then(|place| self.list.get(*place))
    }
}

impl From<Vec<Person>> for People {
    fn from(list: Vec<Person>) -> Self {
        Self { list, places: OnceLock::new() }
    }
}

impl FromIterator<Person> for People {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        Vec::from_iter(people).into()
    }
}

impl Deref for People {
    type Target = Vec<Person>;

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl DerefMut for People {
    fn deref_mut(&mut self) -> &mut Self::Target {
        // A change may move people in the list.
        self.places = OnceLock::new();
        &mut self.list
    }
}

impl<'a> IntoIterator for &'a People {
    type Item = &'a Person;
    type IntoIter = std::slice::Iter<'a, Person>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a mut People {
    type Item = &'a mut Person;
    type IntoIter = std::slice::IterMut<'a, Person>;

    fn into_iter(self) -> Self::IntoIter {
        self.deref_mut().iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn company(count: usize) -> People {
        let person =
            |n: usize| format!("[[person]]\nid = \"p{n}\"\nphone = \"+1{}55501{:02}\"\n", 202 + n / 100, n % 100);
        let text: String = ["database = \"x.db\"\n".to_owned()].into_iter().chain((0..count).map(person)).collect();
        crate::config::from_text(&text, Path::new("config.toml"), &|_| None).unwrap().people
    }

    #[test]
    fn few_and_many_people_are_found_by_their_ids() {
        for count in [1, FEW, FEW + 1, 300] {
            let people = company(count);
            for n in 0..count {
                assert_eq!(people.find(&format!("p{n}")).map(|person| &person.id), Some(&format!("p{n}")));
            }
            assert!(people.find(&format!("p{count}")).is_none());
        }
    }

    #[test]
    fn a_list_that_was_changed_is_looked_through_anew() {
        let mut people = company(300);
        assert!(people.find("p7").is_some());
        people.remove(0);
        people[0].id = "new".into();
        assert_eq!(
            [people.find("p7").is_some(), people.find("p0").is_some(), people.find("p1").is_some()],
            [true, false, false]
        );
        assert_eq!(people.find("p7").map(|person| &person.id), Some(&"p7".to_owned()));
        assert!(people.find("new").is_some());
    }
}
