//! From what was typed to the person, meeting or incident that is meant. Pure; when in doubt it asks back.

use crate::config::Person;
use crate::exit::UsageError;
use crate::model::{IncidentId, MeetingId, MeetingState, Reason, Timestamp, cut, printable};
use crate::rules::near;
use crate::store::Meeting;
use crate::when;
use crate::zone::Zone;
use std::time::Duration;

/// A meeting without an end is taken to last this long.
const USUAL_LENGTH: Duration = Duration::from_secs(3600);

/// [`near::NEAR`] in words.
const NEAR_TEXT: &str = "30 min";

/// Who asks this shortly before a start asks about that meeting.
const JUST_BEFORE: Duration = Duration::from_secs(15 * 60);

/// Choices that are listed in a message.
const SHOWN: usize = 10;

/// The person with the typed id; without one, the only person of the config.
pub fn person<'a>(typed: Option<&str>, people: &'a [Person]) -> Result<&'a Person, UsageError> {
    match (typed, people) {
        (Some(id), _) => people.iter().find(|p| p.id == id).ok_or_else(|| unknown_person(id, people)),
        (None, [only]) => Ok(only),
        (None, []) => Err(UsageError("the config has no [[person]]; add one".into())),
        (None, _) => Err(UsageError(format!("say for whom with --person; the config knows {}", known(people)))),
    }
}

fn unknown_person(id: &str, people: &[Person]) -> UsageError {
    let near: Vec<String> = ids(people).into_iter().filter(|known| is_near(id, known)).collect();
    let hint = if people.is_empty() {
        "the config has no [[person]]".to_owned()
    } else if near.is_empty() {
        format!("the config knows {}", known(people))
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    UsageError(format!("there is no person `{}`; {hint}", shown(id)))
}

fn ids(people: &[Person]) -> Vec<String> {
    people.iter().map(|p| p.id.clone()).collect()
}

/// The ids of the people; the first ones of many.
fn known(people: &[Person]) -> String {
    let shown = ids(people).into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    let more = people.len().saturating_sub(SHOWN);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// The person's zone; the system's for a person who left the config.
pub fn zone_of(person: &str, people: &[Person]) -> Zone {
    people.iter().find(|p| p.id == person).map_or_else(Zone::system, |p| p.zone.clone())
}

/// The first person's zone; the system's where the config has no people.
pub fn first_zone(people: &[Person]) -> Zone {
    people.first().map_or_else(Zone::system, |p| p.zone.clone())
}

/// What choosing a meeting looks at.
pub struct MeetingSearch<'a> {
    /// Wall time.
    pub now: Timestamp,
    /// The people of the config.
    pub people: &'a [Person],
    /// The meetings to choose from.
    pub meetings: &'a [Meeting],
}

impl MeetingSearch<'_> {
    /// The meeting with the typed id (`m3`, `3`), else the one with the typed text in its title. A text finds planned
    /// meetings that are not over; a whole title wins over a part of one.
    pub fn meeting(&self, typed: &str, person: Option<&str>) -> Result<&Meeting, UsageError> {
        if let Some(id) = MeetingId::parse(typed)
            && let Some(found) = self.meetings.iter().find(|m| m.id == id)
        {
            return match person {
                Some(person) if person != found.person => Err(UsageError(format!(
                    "{id} {} is a meeting of {}, not of {}",
                    title(found),
                    printable(&found.person),
                    shown(person)
                ))),
                _ => Ok(found),
            };
        }
        let theirs: Vec<&Meeting> = self.alive().filter(|m| person.is_none_or(|p| p == m.person)).collect();
        let found = titled(theirs.iter().copied(), typed);
        match found[..] {
            [only] if !typed.trim().is_empty() => Ok(only),
            [] => Err(self.unknown_meeting(typed, &theirs)),
            _ => Err(self.ambiguous(&format!("`{}` could be several meetings", shown(typed)), &found)),
        }
    }

    /// The meeting a question is about: as in [`Self::meeting`], but a text finds meetings that are over or called off, too.
    /// Of several with one title and person the one that has started last is meant, else the next one.
    pub fn find_meeting(&self, typed: &str, person: Option<&str>) -> Result<&Meeting, UsageError> {
        let found = self.named(typed, person);
        let Some(first) = found.first() else {
            let theirs: Vec<&Meeting> = self.alive().filter(|m| person.is_none_or(|p| p == m.person)).collect();
            return Err(self.unknown_meeting(typed, &theirs));
        };
        if found.iter().any(|m| (lower(m), &m.person) != (lower(first), &first.person)) {
            return Err(self.ambiguous(&format!("`{}` could be several meetings", shown(typed)), &found));
        }
        let soon = self.now.plus(JUST_BEFORE);
        let started = found.iter().copied().filter(|m| m.starts_at <= soon).max_by_key(|m| m.starts_at);
        Ok(started.unwrap_or(first))
    }

    /// Is there any meeting that this text could mean?
    pub fn fits(&self, typed: &str, person: Option<&str>) -> bool {
        !self.named(typed, person).is_empty()
    }

    /// Meetings with the text in their title, earliest first.
    fn named(&self, typed: &str, person: Option<&str>) -> Vec<&Meeting> {
        let theirs = self.meetings.iter().filter(|m| !typed.trim().is_empty() && person.is_none_or(|p| p == m.person));
        let mut found = titled(theirs, typed);
        found.sort_by_key(|m| m.starts_at);
        found
    }

    /// The meetings that a check-in without a name may mean.
    pub fn near(&self, person: Option<&str>, open: &[MeetingId]) -> Vec<&Meeting> {
        let is_near = |m: &&Meeting| near::is_near(m.starts_at, ends(m), open.contains(&m.id), self.now);
        let theirs = self.meetings.iter().filter(|m| person.is_none_or(|p| p == m.person));
        theirs.filter(|m| m.state == MeetingState::Scheduled).filter(is_near).collect()
    }

    /// None of the person's meetings is near; these come next.
    pub fn none_near(&self, person: &str) -> UsageError {
        let text = format!(
            "{person} has no meeting that runs, ended in the last {NEAR_TEXT} or starts in the next {NEAR_TEXT}"
        );
        let next: Vec<&Meeting> = self.alive().filter(|m| m.person == person && m.starts_at > self.now).collect();
        match next.first() {
            None => UsageError(format!("{text}, and none to come")),
            Some(first) => UsageError(format!(
                "{text}; to come:{}\n`savehub checkin {}` means the first of them",
                self.list(&next),
                first.id
            )),
        }
    }

    /// Several meetings may be meant.
    pub fn which(&self, choices: &[&Meeting]) -> UsageError {
        UsageError(format!("say which meeting: write its id, or --all for all of them:{}", self.list(choices)))
    }

    /// The one of these with the text in its title; `None`: none has it.
    pub fn titled_in<'m>(&self, choices: &[&'m Meeting], typed: &str) -> Result<Option<&'m Meeting>, UsageError> {
        match titled(choices.iter().copied(), typed)[..] {
            _ if typed.trim().is_empty() => Ok(None),
            [] => Ok(None),
            [only] => Ok(Some(only)),
            ref several => Err(self.ambiguous(&format!("`{}` could be several meetings", shown(typed)), several)),
        }
    }

    fn alive(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.iter().filter(|m| m.state == MeetingState::Scheduled && ends(m) > self.now)
    }

    fn unknown_meeting(&self, typed: &str, theirs: &[&Meeting]) -> UsageError {
        let words: Vec<String> = typed.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let near: Vec<&Meeting> = theirs
            .iter()
            .copied()
            .filter(|m| lower(m).split_whitespace().any(|t| words.iter().any(|w| is_near(w, t))))
            .collect();
        let text = format!("there is no meeting `{}`", shown(typed));
        match (near.is_empty(), theirs.is_empty()) {
            (false, _) => UsageError(format!("{text}; near it:{}", self.list(&near))),
            (true, false) => UsageError(format!("{text}; to come:{}", self.list(theirs))),
            (true, true) => UsageError(format!("{text}, and none to come")),
        }
    }

    fn ambiguous(&self, text: &str, choices: &[&Meeting]) -> UsageError {
        UsageError(format!("{text}; write its id:{}", self.list(choices)))
    }

    /// One choice a line: id, time, title, person.
    fn list(&self, choices: &[&Meeting]) -> String {
        let mut lines: Vec<String> = choices
            .iter()
            .take(SHOWN)
            .map(|m| {
                let at = when::describe(m.starts_at, self.now, &zone_of(&m.person, self.people));
                let over = ended(m).map_or_else(String::new, |words| format!(", {words}"));
                format!("\n  {} {at} {}, {}{over}", m.id, title(m), printable(&m.person))
            })
            .collect();
        if choices.len() > SHOWN {
            lines.push(format!("\n  and {} more", choices.len() - SHOWN));
        }
        lines.concat()
    }
}

/// The incident with the typed id (`i7`, `7`).
pub fn incident(typed: &str) -> Result<IncidentId, UsageError> {
    IncidentId::parse(typed.trim()).ok_or_else(|| {
        UsageError(format!("`{}` is not the id of an incident, such as i7; `savehub status` lists them", shown(typed)))
    })
}

/// The meetings with the text in their title; a whole title wins over a part of one.
fn titled<'m>(meetings: impl Iterator<Item = &'m Meeting>, typed: &str) -> Vec<&'m Meeting> {
    let wanted = typed.trim().to_lowercase();
    let mut found: Vec<&Meeting> = meetings.filter(|m| lower(m).contains(&wanted)).collect();
    if found.iter().any(|m| lower(m) == wanted) {
        found.retain(|m| lower(m) == wanted);
    }
    found
}

/// Why nothing rings for a planned meeting any more, in a few words.
pub fn ended(meeting: &Meeting) -> Option<&'static str> {
    Some(match meeting.ended? {
        Reason::Joined | Reason::Presence => "checked in",
        Reason::SaidMissed => "will be missed",
        Reason::NoCheckIn => "missed",
        Reason::Operator => "resolved",
        _ => "does not ring",
    })
}

/// When it is over, as far as known.
pub fn ends(meeting: &Meeting) -> Timestamp {
    meeting.ends_at.unwrap_or_else(|| meeting.starts_at.plus(USUAL_LENGTH))
}

/// The title, fit for a terminal.
pub fn title(meeting: &Meeting) -> String {
    printable(&meeting.title)
}

fn lower(meeting: &Meeting) -> String {
    title(meeting).to_lowercase()
}

fn shown(text: &str) -> String {
    cut(&printable(text), 60)
}

/// One is a typing mistake away from the other: at most two edits, one in short words, or a common beginning.
fn is_near(typed: &str, known: &str) -> bool {
    let (typed, known) = (typed.to_lowercase(), known.to_lowercase());
    let allowed = if typed.chars().count() < 5 { 1 } else { 2 };
    let begins = typed.chars().count() > 2 && (known.starts_with(&typed) || typed.starts_with(&known));
    begins || edits(&typed, &known) <= allowed
}

/// Levenshtein's distance, one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(100).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let above = row[j + 1];
            let swap = diagonal + usize::from(from != *to);
            row[j + 1] = swap.min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
