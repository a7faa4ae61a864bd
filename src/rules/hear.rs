//! What a person says, and for which meeting.
//!
//! An answer counts only when it comes from the person's own number, after something was sent there, in words savehub
//! knows. It may name what it answers, by the tag of a message or its first half. Otherwise it answers what the provider
//! took last for that number before it, by the provider's clock, and means every meeting that was named there: if those
//! are acknowledged or over, nothing else changes. Where other meetings were named within a minute, nobody knows which
//! are meant, and a wrong guess would silence the calls for one of them: then the code is needed. A call back counts as
//! "I am on it". What a contact answers is written down for the meeting they were told of, and does nothing.

use crate::model::{Answer, Choice, Heard, HeardEffect, HeardHow, IncidentId, Named, Timestamp, Told, is_tag};
use std::collections::BTreeSet;
use std::time::Duration;

/// What was told within this time of each other may be what an answer is about.
const TOGETHER: Duration = Duration::from_secs(60);

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

/// What `heard` means after these things were sent to its number.
pub fn answer(heard: &Heard, told: &[Told], known: &Words) -> Answer {
    let mut before: Vec<Sent<'_>> = told.iter().filter_map(|told| sent(told, heard)).collect();
    before.sort_by_key(|sent| sent.at);
    if before.is_empty() {
        return nothing(HeardEffect::NothingOpen);
    }
    match heard.how {
        HeardHow::Message => reply(&heard.text, &before, known),
        HeardHow::Call => bare(HeardEffect::Acknowledged, &before),
        HeardHow::Key => key(heard, &before),
    }
}

/// Something that was sent before the answer.
struct Sent<'a> {
    told: &'a Told,
    /// When, by the provider's clock.
    at: Timestamp,
    /// What of it the number is told for: the owner's own meetings, and those of which a contact was told.
    named: Vec<&'a Named>,
}

impl Sent<'_> {
    fn incidents(&self) -> BTreeSet<IncidentId> {
        self.named.iter().map(|named| named.incident).collect()
    }

    /// Has one of them not ended?
    fn is_open(&self) -> bool {
        self.named.iter().any(|named| named.open)
    }

    /// Nobody's own meeting was named.
    fn is_for_a_contact(&self) -> bool {
        self.named.iter().all(|named| named.to_contact)
    }
}

/// `None`: the answer came before it, or it was for somebody else who had this number then.
fn sent<'a>(told: &'a Told, heard: &Heard) -> Option<Sent<'a>> {
    // The number must be the person's own: a stranger's words are nobody's.
    let owns = |person: &String| heard.owners.contains(person);
    let skew_ms = heard.provider_at.since(heard.at);
    // Where nobody knows the provider's time, ours is corrected. The provider counts whole seconds.
    let ours = || Timestamp::from_ms(told.at.ms().saturating_add(skew_ms).div_euclid(1000).saturating_mul(1000));
    let at = told.provider_at.unwrap_or_else(ours);
    let named: Vec<&Named> = told.named.iter().filter(|named| named.to_contact || owns(&named.person)).collect();
    (at <= heard.provider_at && !named.is_empty()).then_some(Sent { told, at, named })
}

fn reply(text: &str, before: &[Sent<'_>], known: &Words) -> Answer {
    let Some((effect, code)) = read(text, known) else {
        // Whatever a contact says, it is about what they were told.
        return match last(before) {
            Ok(sent) if sent.is_for_a_contact() => meaning(HeardEffect::Noted, &sent.named),
            _ => nothing(HeardEffect::NotUnderstood),
        };
    };
    let all = || before.iter().collect::<Vec<_>>();
    let (meant, among) = match code {
        None => (last(before), latest(before)),
        Some(code) => (coded(&code, before).ok_or(HeardEffect::NeedsCode), all()),
    };
    match meant {
        Ok(sent) => meaning(effect, &sent.named),
        Err(HeardEffect::NeedsCode) => {
            Answer { choices: choices(effect, &among, before), ..nothing(HeardEffect::NeedsCode) }
        }
        Err(other) => nothing(other),
    }
}

/// What was sent under this code; `None`: nothing, or what names other meetings too.
fn coded<'a, 's>(code: &str, before: &'a [Sent<'s>]) -> Option<&'a Sent<'s>> {
    let mut coded: Vec<&Sent<'_>> = before.iter().filter(|sent| sent.told.tag.starts_with(code)).collect();
    // One that is over gives way to one that is not.
    if coded.iter().any(|sent| sent.is_open()) {
        coded.retain(|sent| sent.is_open());
    }
    let first = *coded.first()?;
    coded.iter().all(|sent| sent.incidents() == first.incidents()).then_some(first)
}

/// The answers that name one of these, oldest first: each with the shortest code that means nothing else.
fn choices(effect: HeardEffect, among: &[&Sent<'_>], before: &[Sent<'_>]) -> Vec<Choice> {
    let word = if effect == HeardEffect::Missed { MISSED[0] } else { JOINED[0] };
    let mut choices: Vec<Choice> = Vec::new();
    let mut by_time = among.to_vec();
    by_time.sort_by_key(|sent| sent.at);
    for sent in by_time.into_iter().filter(|sent| sent.is_open() && !sent.is_for_a_contact()) {
        let Answer { incidents, .. } = meaning(effect, &sent.named);
        let means_it = |code: &&str| coded(code, before).is_some_and(|found| found.incidents() == sent.incidents());
        let tag = sent.told.tag.as_str();
        let code = tag.get(..2).into_iter().chain([tag]).find(means_it);
        if let Some(code) = code.filter(|_| choices.iter().all(|choice| choice.incidents != incidents)) {
            choices.push(Choice { answer: format!("{word} {code}"), incidents });
        }
    }
    choices
}

/// An answer that names nothing.
fn bare(effect: HeardEffect, before: &[Sent<'_>]) -> Answer {
    last(before).map_or_else(nothing, |sent| meaning(effect, &sent.named))
}

/// What was sent last to the number itself, or else to a mailbox; an error where other meetings were named with it.
fn last<'a, 's>(before: &'a [Sent<'s>]) -> Result<&'a Sent<'s>, HeardEffect> {
    let latest = latest(before);
    let last = *latest.first().ok_or(HeardEffect::NothingOpen)?;
    let meant = last.incidents();
    let other = latest.iter().any(|sent| !sent.incidents().is_subset(&meant));
    if other { Err(HeardEffect::NeedsCode) } else { Ok(last) }
}

/// The last of them, and what was sent together with it, latest first.
fn latest<'a, 's>(before: &'a [Sent<'s>]) -> Vec<&'a Sent<'s>> {
    let to_the_phone = before.iter().any(|sent| !sent.told.is_mail);
    let mut latest: Vec<&Sent<'_>> = before.iter().rev().filter(|sent| !(to_the_phone && sent.told.is_mail)).collect();
    let last = latest.first().map(|last| last.at);
    latest.retain(|sent| last.is_some_and(|last| sent.at.plus(TOGETHER) >= last));
    latest
}

/// What an answer to this does. A contact's answer does nothing, nor does one to what is over.
fn meaning(effect: HeardEffect, named: &[&Named]) -> Answer {
    let own: Vec<&&Named> = named.iter().filter(|named| !named.to_contact).collect();
    if own.is_empty() {
        let noted: BTreeSet<IncidentId> = named.iter().map(|named| named.incident).collect();
        let incidents = noted.into_iter().collect();
        return Answer { incidents, ..nothing(HeardEffect::Noted) };
    }
    let effect = if own.iter().any(|named| named.open) { effect } else { HeardEffect::NothingOpen };
    let meant: BTreeSet<IncidentId> = own.iter().map(|named| named.incident).collect();
    Answer { incidents: meant.into_iter().collect(), ..nothing(effect) }
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

/// A call may stand for several meetings, and so does the key that answers it.
fn key(heard: &Heard, before: &[Sent<'_>]) -> Answer {
    let effect = match heard.text.as_str() {
        "1" => HeardEffect::Joined,
        "2" => HeardEffect::Missed,
        _ => return nothing(HeardEffect::NotUnderstood),
    };
    let asked = before.iter().find(|sent| heard.call.is_some() && sent.told.sid == heard.call);
    asked.map_or_else(|| nothing(HeardEffect::NothingOpen), |sent| meaning(effect, &sent.named))
}

const fn nothing(effect: HeardEffect) -> Answer {
    Answer { effect, incidents: Vec::new(), choices: Vec::new() }
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
