//! What a person says, and for which meeting.
//!
//! An answer counts only when it comes from the person's own number, after something was sent for the meeting, in words
//! savehub knows. It may name one of several meetings, by the tag of a message or its first half; otherwise it counts
//! for the person's earliest open one. Where several people share the number, it must name one: nobody knows who holds
//! the phone, and a wrong guess would silence the calls of somebody else. A call back counts as "I am on it".

use crate::model::{Answer, Heard, HeardEffect, HeardHow, IncidentId, Waiting, is_tag};

/// Longest reply that is read, in characters; nothing savehub knows is longer.
const LONGEST: usize = 200;

/// Words that always mean "I am in the meeting".
pub const JOINED: [&str; 3] = ["1", "joined", "yes"];

/// Words that always mean "I will miss it".
pub const MISSED: [&str; 2] = ["2", "missed"];

/// Words that the provider or the carrier handles itself: whoever sends one gets no more messages, or a standard answer
/// (docs/messaging, "support for opt-out keywords").
pub const TAKEN: [&str; 10] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "help", "info"];

/// What a person may answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    joined: Vec<String>,
    missed: Vec<String>,
}

impl Words {
    /// The words of every installation, and these.
    pub fn with<'a>(joined: impl IntoIterator<Item = &'a str>, missed: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            joined: JOINED.into_iter().chain(joined).map(normal).collect(),
            missed: MISSED.into_iter().chain(missed).map(normal).collect(),
        }
    }

    fn meaning(&self, words: &[String]) -> Option<HeardEffect> {
        let said = words.join(" ");
        if self.joined.contains(&said) {
            return Some(HeardEffect::Joined);
        }
        self.missed.contains(&said).then_some(HeardEffect::Missed)
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::with([], [])
    }
}

/// A word as it is compared: small letters, plain digits, no marks around it, one space between words. Empty: there is
/// no word in it.
pub fn normal(text: &str) -> String {
    words(text).join(" ")
}

/// What `heard` means while these incidents wait. `owns` says whether the number it came from is this person's own.
pub fn answer(heard: &Heard, waiting: &[Waiting], owns: &dyn Fn(&str) -> bool, known: &Words) -> Answer {
    let may_mean: Vec<&Waiting> = waiting.iter().filter(|w| w.since <= heard.at && owns(&w.person)).collect();
    if may_mean.is_empty() {
        return nothing(HeardEffect::NothingOpen);
    }
    match heard.how {
        HeardHow::Message => reply(&heard.text, &may_mean, known),
        HeardHow::Call => call_back(&may_mean),
        HeardHow::Key => key(heard, &may_mean),
    }
}

fn reply(text: &str, may_mean: &[&Waiting], known: &Words) -> Answer {
    let Some((effect, code)) = read(text, known) else { return nothing(HeardEffect::NotUnderstood) };
    let meant: Vec<IncidentId> = match code {
        Some(code) => {
            let named = |w: &&&Waiting| w.tags.iter().any(|tag| tag.starts_with(&code));
            may_mean.iter().filter(named).map(|w| w.incident).collect()
        }
        None => earliest(may_mean).into_iter().collect(),
    };
    if meant.len() == 1 { Answer { effect, incidents: meant } } else { nothing(HeardEffect::NeedsCode) }
}

/// A word, and the code it may come with: `1`, `1 k3`, `k3f9 joined`, `1k3`.
fn read(text: &str, known: &Words) -> Option<(HeardEffect, Option<String>)> {
    let words = words(text);
    if let Some(effect) = known.meaning(&words) {
        return Some((effect, None));
    }
    let (first, last) = (words.first()?, words.last()?);
    if is_tag(last) {
        return Some((known.meaning(&words[..words.len() - 1])?, Some(last.clone())));
    }
    if is_tag(first) {
        return Some((known.meaning(&words[1..])?, Some(first.clone())));
    }
    let (digit, code) = first.split_at_checked(1).filter(|(_, code)| words.len() == 1 && is_tag(code))?;
    Some((known.meaning(&[digit.to_owned()])?, Some(code.to_owned())))
}

fn call_back(may_mean: &[&Waiting]) -> Answer {
    match earliest(may_mean) {
        Some(incident) => Answer { effect: HeardEffect::Acknowledged, incidents: vec![incident] },
        None => nothing(HeardEffect::NeedsCode),
    }
}

/// The first of one person's meetings; `None` when several people share the phone: nobody knows who is on it.
fn earliest(may_mean: &[&Waiting]) -> Option<IncidentId> {
    let first = may_mean.iter().min_by_key(|w| (w.starts_at, w.incident))?;
    may_mean.iter().all(|other| other.person == first.person).then_some(first.incident)
}

/// A call may stand for several meetings, and so does the key that answers it.
fn key(heard: &Heard, may_mean: &[&Waiting]) -> Answer {
    let effect = match heard.text.as_str() {
        "1" => HeardEffect::Joined,
        "2" => HeardEffect::Missed,
        _ => return nothing(HeardEffect::NotUnderstood),
    };
    let asked = may_mean.iter().filter(|w| heard.call.as_ref().is_some_and(|call| w.calls.contains(call)));
    let incidents: Vec<IncidentId> = asked.map(|w| w.incident).collect();
    if incidents.is_empty() { nothing(HeardEffect::NothingOpen) } else { Answer { effect, incidents } }
}

const fn nothing(effect: HeardEffect) -> Answer {
    Answer { effect, incidents: Vec::new() }
}

fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().take(LONGEST).flat_map(char::to_lowercase).filter_map(plain).collect();
    let bare = plain.split_whitespace().map(|word| word.trim_matches(is_mark)).filter(|word| !word.is_empty());
    // A text that was cut may mean anything.
    if text.chars().nth(LONGEST).is_some() { Vec::new() } else { bare.map(str::to_owned).collect() }
}

/// Marks that stand around a word.
fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '…' | '。' | '！' | '¡' | '«' | '»' | '“' | '”' | '„' | '‘' | '’')
}

/// A digit of any script as an ASCII one; nothing for what is not seen (as in the keycap emoji `1️⃣`).
fn plain(c: char) -> Option<char> {
    /// The zeros of decimal digits (Unicode, general category Nd) in scripts that phones write.
    const ZEROS: [char; 18] = [
        '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
        '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{ff10}',
    ];
    match c {
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{20e3}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        _ => {
            let value = ZEROS.iter().filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero))).find(|v| *v < 10);
            Some(value.and_then(|v| char::from_digit(v, 10)).unwrap_or(c))
        }
    }
}

#[cfg(test)]
#[path = "hear/tests.rs"]
mod tests;
