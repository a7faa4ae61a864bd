//! What is noted for `config show` while a table is read.

use super::Table;
use crate::config::effective::{Note, Origin, Value};
use crate::config::input::set;
use crate::config::screen::is_secret_key;
use std::ops::Range;

impl Table<'_, '_> {
    /// Notes what is in force for a key, for `config show`: with the line of the key, or as a default. Texts that hold no
    /// secret, numbers and the like are noted as they are read; a second note replaces the first.
    pub(in crate::config) fn note(&self, key: &'static str, value: impl FnOnce() -> Value) {
        if self.report.collects_settings() {
            let at = self.key_at(key);
            self.note_at(key, at.map_or(Origin::Default, |at| self.line_at(&at)), value);
        }
    }

    /// The same for a key that this variable may override.
    pub(in crate::config) fn note_over(
        &self,
        key: &'static str,
        variable: &'static str,
        value: impl FnOnce() -> Value,
    ) {
        match set(self.input().env, variable) {
            Some(_) => self.note_at(key, Origin::Variable(variable), value),
            None => self.note(key, value),
        }
    }

    /// The same from another place.
    pub(in crate::config) fn note_at(&self, key: &'static str, origin: Origin, value: impl FnOnce() -> Value) {
        if self.report.collects_settings() {
            let note = Note { key, value: value(), origin };
            let mut notes = self.notes.borrow_mut();
            notes.retain(|other| other.key != key);
            notes.push(note);
        }
    }

    pub(in crate::config) fn note_open(&self, key: &'static str, value: impl FnOnce() -> Value) {
        if self.report.collects_settings() && !is_secret_key(key) {
            self.note(key, value);
        }
    }

    /// Of these keys, those that were not written are as they are in the other table.
    pub(in crate::config) fn inherit(&self, keys: &[&str], other: &Self) {
        for note in other.notes.borrow().iter().filter(|note| keys.contains(&note.key) && !self.has(note.key)) {
            self.note_at(note.key, note.origin, || note.value.clone());
        }
    }

    /// Hands over what was noted; `entry` says which of several such tables this is.
    pub(in crate::config) fn show(&self, entry: Option<&str>) {
        self.report.add_settings(self.path, entry, &self.notes.borrow());
    }

    pub(in crate::config) fn line_at(&self, at: &Range<usize>) -> Origin {
        Origin::Line(self.report.line_of(at.start))
    }
}
