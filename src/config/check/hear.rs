//! `[hear]`: how people answer.

use super::web;
use crate::config::HearConfig;
use crate::config::effective::Value;
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::config::show::Problem;
use crate::rules::hear::{JOINED, MISSED, TAKEN, Words, normal};
use toml::Spanned;

/// Longest word or phrase, in characters.
const LONGEST: usize = 40;

pub(super) fn hear(table: &Table<'_, '_>) -> HearConfig {
    let standard = HearConfig::default();
    let (joined, missed) = (words(table, "joined", &MISSED), words(table, "missed", &JOINED));
    for word in missed.iter().filter(|m| joined.iter().any(|j| normal(j.get_ref()) == normal(m.get_ref()))) {
        let problem = Problem::new(format!("{} stands under `joined` as well", quoted(word.get_ref())));
        table.report.push(problem.at(&word.span()).label("a word can mean one thing only"));
    }
    let config = HearConfig {
        replies: table.flag("replies", standard.replies),
        call_back: table.flag("call_back", standard.call_back),
        key_bin: key_bin(table),
        confirm: table.flag("confirm", standard.confirm),
        words: Words::with(joined.iter().map(|w| *w.get_ref()), missed.iter().map(|w| *w.get_ref())),
    };
    table.show(None);
    config
}

/// The words under this key; those that cannot be meant are reported. `other` are words that mean the other thing.
fn words<'a>(table: &Table<'a, '_>, key: &'static str, other: &[&str]) -> Vec<Spanned<&'a str>> {
    let Some(list) = table.texts(key, "[\"bin da\", \"drin\"]") else { return Vec::new() };
    for word in list.get_ref() {
        let label = match normal(word.get_ref()).as_str() {
            "" => "write a word, or take it out",
            said if said.chars().count() > LONGEST => "people answer in a few words: at most 40 characters",
            said if TAKEN.contains(&said) => "the provider takes this word for itself (it stops or starts messages)",
            said if other.contains(&said) => "this word always means the other answer",
            _ => continue,
        };
        let title = format!("nobody can answer {} here", quoted(word.get_ref()));
        table.report.wrong(&word.span(), title, label);
    }
    list.into_inner()
}

/// The Bin's address becomes part of what Twilio is told; Twilio must be able to reach it.
fn key_bin(table: &Table<'_, '_>) -> Option<String> {
    let text = table.text("key_bin", "\"https://handler.twilio.com/twiml/EH…\"")?;
    let sound = web::address(text.get_ref()).is_ok_and(|a| a.scheme == "https" && !a.has_login && !a.is_loopback());
    if !sound {
        let label = "copy it from the console: \"https://handler.twilio.com/twiml/EH…\"";
        table.report.wrong(&text.span(), "`key_bin` is not the address of a TwiML Bin", label);
    }
    // Whoever has it can answer for others.
    table.note("key_bin", Value::in_the_config);
    sound.then(|| text.into_inner().to_owned())
}
