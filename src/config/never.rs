//! What a sound config says that keeps phones from ever ringing: nobody writes that on purpose, and no step is there yet
//! whose reason could tell it.

use super::{Config, Person, ProviderChoice, Rung, voices};
use crate::model::{Addressee, LOOK_UP, Offset, Phone, RungKind, When, leaves_within};
use crate::rules::guard::GuardConfig;
use std::time::Duration;

/// How often ticks run.
const TICK: Duration = Duration::from_secs(30);

/// A country and perhaps a city, in characters.
const LONGEST_SHOWN: usize = 8;

/// So many people are named.
const NAMED: usize = 5;

/// Something that will not ring, or say nothing, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// What will not ring, and why.
    pub warning: String,
    /// What to write instead.
    pub help: String,
    /// The ids of the people it is about; empty: everybody.
    pub people: Vec<String>,
}

impl Warning {
    fn new(warning: impl Into<String>, help: impl Into<String>) -> Self {
        Self { warning: warning.into(), help: help.into(), people: Vec::new() }
    }
}

/// What can never ring with this config, or says nothing when it does.
pub fn warnings(config: &Config) -> Vec<Warning> {
    let calls: Vec<(usize, Duration)> = calls(config).collect();
    let lists = [
        no_call(config, &calls),
        caps(config, calls.len()),
        prefixes(config),
        gap(config, &calls),
        short(&calls),
        own_number(config),
        hasty(config),
        silent(config),
    ];
    lists.into_iter().flatten().collect()
}

/// The rungs that call the person: their places in the ladder, from 1, and how long before the start.
fn calls(config: &Config) -> impl Iterator<Item = (usize, Duration)> {
    let call = |(index, rung): (usize, &Rung)| match (rung.action.kind, rung.action.at, &rung.action.to) {
        (RungKind::Call, Offset::Before(before), Addressee::Person) if rung.action.when != When::Missed => {
            Some((index + 1, before))
        }
        _ => None,
    };
    config.ladder.iter().enumerate().filter_map(call)
}

fn no_call(config: &Config, calls: &[(usize, Duration)]) -> Vec<Warning> {
    if !calls.is_empty() || config.people.is_empty() {
        return Vec::new();
    }
    vec![Warning::new(
        "no rung of the ladder calls the person: their phones never ring",
        "add a [[ladder]] with step = \"call\"",
    )]
}

fn caps(config: &Config, rungs: usize) -> Vec<Warning> {
    let GuardConfig { daily_cap, daily_cap_per_person, .. } = config.guards;
    let mut found = Vec::new();
    for (key, cap) in [("daily_cap", daily_cap), ("daily_cap_per_person", daily_cap_per_person)] {
        if cap == 0 {
            let help = format!("raise {key} under [guards]; to hold calls for a while, use `savehub pause`");
            found.push(Warning::new(format!("{key} = 0: nobody is ever called"), help));
        }
    }
    let people = config.people.len();
    if daily_cap > 0 && (daily_cap as usize) < people * rungs {
        let text = format!(
            "daily_cap = {daily_cap} is used up before each of {people} people had one meeting with {rungs} call rungs: \
             after that nobody is called"
        );
        found.push(Warning::new(text, format!("write daily_cap = {} or more under [guards]", people * rungs)));
    }
    found
}

fn prefixes(config: &Config) -> Vec<Warning> {
    let allowed = &config.guards.allowed_prefixes;
    let is_out = |phone: &Phone| !allowed.iter().any(|prefix| phone.expose().starts_with(prefix.as_str()));
    // One that is nearly a number is not shown.
    let shown = allowed.iter().map(|prefix| if prefix.len() > LONGEST_SHOWN { "…" } else { prefix.as_str() });
    let listed = shown.collect::<Vec<_>>().join(", ");
    let help = "add the beginnings of these numbers to allowed_prefixes under [guards]";
    let out: Vec<&Person> = config.people.iter().filter(|person| is_out(&person.phone)).collect();
    if allowed.is_empty() {
        return Vec::new();
    }
    let told = |contact: &&super::Contact| {
        config.ladder.iter().any(|rung| rung.action.to == Addressee::Contact(contact.name.clone()))
    };
    let contacts = config.contacts.iter().filter(told).filter(|contact| contact.phone.as_ref().is_some_and(is_out));
    let contacts = contacts.map(|contact| {
        let text =
            format!("allowed_prefixes ({listed}) keeps the contact {} from ever being reached by phone", contact.name);
        Warning { people: vec![contact.name.clone()], ..Warning::new(text, help) }
    });
    let people = (!out.is_empty())
        .then(|| of_people(&out, config, "ever being called", &format!("allowed_prefixes ({listed}) keeps"), help));
    people.into_iter().chain(contacts).collect()
}

/// `… keeps ana and 2 more from …`.
fn of_people(who: &[&Person], config: &Config, from: &str, why: &str, help: &str) -> Warning {
    let ids: Vec<String> = who.iter().map(|person| person.id.clone()).collect();
    let named = ids.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let names = match ids.len().checked_sub(NAMED) {
        _ if ids.len() == config.people.len() && ids.len() > 1 => "everybody".to_owned(),
        Some(more) if more > 0 => format!("{named} and {more} more"),
        _ => named,
    };
    Warning { people: ids, ..Warning::new(format!("{why} {names} from {from}"), help) }
}

/// After the first call of the ladder the number rests until the meeting has begun.
fn gap(config: &Config, calls: &[(usize, Duration)]) -> Vec<Warning> {
    let (gap, window) = (config.guards.number_gap, config.guards.critical_window);
    let Some(first) = calls.iter().map(|(_, before)| *before).max() else { return Vec::new() };
    if gap < first || (calls.len() < 2 && gap < window) {
        return Vec::new();
    }
    let (spoken, window) = (humantime::format_duration(gap), humantime::format_duration(window));
    let what = if calls.len() > 1 { "no rung after the first ever rings, and no" } else { "no" };
    let text = format!(
        "number_gap = \"{spoken}\" leaves a number no second call in its critical window ({window}): {what} other meeting \
         of that number that soon"
    );
    let help = format!("write less than {} as number_gap under [guards]", humantime::format_duration(first));
    vec![Warning::new(text, help)]
}

fn short(calls: &[(usize, Duration)]) -> Vec<Warning> {
    let short = calls.iter().filter(|(_, before)| *before < TICK);
    let warning = |(rung, before): &(usize, Duration)| {
        let text = format!(
            "rung {rung} calls {} before the start, and ticks run every 30 s: it rings only when one happens to run in \
             that time",
            humantime::format_duration(*before)
        );
        Warning::new(text, "write before = \"30s\" or more; a call takes some seconds to ring")
    };
    short.map(warning).collect()
}

/// glibc asks a second name server after 5 s (resolv.conf(5), `timeout`).
const SECOND_NAME_SERVER: Duration = Duration::from_secs(5);

/// With a dead name server first, names take 5 s: no request that has less for them ever leaves.
fn hasty(config: &Config) -> Vec<Warning> {
    let limit = config.engine.request_timeout;
    let names = leaves_within(limit);
    if names >= LOOK_UP || config.provider.chosen != ProviderChoice::Twilio {
        return Vec::new();
    }
    let spoken = |time: Duration| humantime::format_duration(time).to_string();
    let then = if names > SECOND_NAME_SERVER {
        format!("{} would be left to connect in", spoken(names.saturating_sub(SECOND_NAME_SERVER)))
    } else {
        "no call would go out".to_owned()
    };
    let text = format!(
        "request_timeout = \"{}\" gives looking the name up and connecting {}: should the first name server be dead, the \
         second is asked after {}, and {then}",
        spoken(limit),
        spoken(names),
        spoken(SECOND_NAME_SERVER)
    );
    let help =
        format!("write request_timeout = \"{}\" or more under [engine]", spoken(LOOK_UP + Duration::from_secs(1)));
    vec![Warning::new(text, help)]
}

/// Nobody can be called from their own number.
fn own_number(config: &Config) -> Vec<Warning> {
    let Some(twilio) = &config.provider.twilio else { return Vec::new() };
    let is_ours = |phone: &Phone| twilio.numbers().any(|from| from == phone);
    let who: Vec<&Person> = config.people.iter().filter(|person| is_ours(&person.phone)).collect();
    let alone = twilio.more_from.is_empty();
    let (from, help) = if alone {
        ("ever being called", "write the person's own number as phone, or buy another number for from")
    } else {
        ("being called from that number", "write the person's own number as phone: a number cannot call itself")
    };
    let own = "the phone is the provider's from number, which cannot call itself: that keeps";
    let people = (!who.is_empty()).then(|| of_people(&who, config, from, own, help));
    let contacts = config.contacts.iter().filter(|contact| contact.phone.as_ref().is_some_and(is_ours));
    let contacts = contacts.map(|contact| {
        let text = format!("{own} the contact {} from {from}", contact.name);
        Warning { people: vec![contact.name.clone()], ..Warning::new(text, help) }
    });
    people.into_iter().chain(contacts).collect()
}

/// Voices and languages with which phones may ring and say nothing.
fn silent(config: &Config) -> Vec<Warning> {
    let mut found: Vec<Warning> = Vec::new();
    for person in &config.people[..] {
        for (text, help) in silent_to(person) {
            match found.iter_mut().find(|warning| warning.warning == text) {
                Some(same) => same.people.push(person.id.clone()),
                None => found.push(Warning { warning: text, help, people: vec![person.id.clone()] }),
            }
        }
    }
    found
}

const SILENT: &str = "a phone may ring and say nothing";

fn silent_to(person: &Person) -> Vec<(String, String)> {
    let (voice, language) = (person.voice.voice.as_deref(), person.voice.language.as_deref());
    let mut found = Vec::new();
    if let Some(voice) = voice.filter(|voice| !voices::is_known(voice)) {
        let help = "take a voice of the list in Twilio's page on text to speech, such as \"Polly.Joanna\"";
        found.push((format!("Twilio's list has no voice {voice}: {SILENT}"), help.to_owned()));
    }
    let Some(language) = language else { return found };
    if !voices::is_listed(language) {
        let help = voices::near(language)
            .map_or("write one such as \"de-DE\"".into(), |near| format!("did you mean \"{near}\"?"));
        found.push((format!("Twilio's list has no language {language}: {SILENT}"), help));
    } else if let Some((voice, spoken)) = voice.and_then(|voice| Some((voice, voices::language_of(voice)?)))
        && voices::contradict(voice, language)
    {
        let help = format!("write language = \"{spoken}\", or leave it out");
        found.push((format!("the voice {voice} speaks {spoken}, and the language is {language}: {SILENT}"), help));
    }
    found
}
