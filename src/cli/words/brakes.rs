//! What keeps phones from ringing: the mock phone, test mode, the STOP file, pauses; and what a rehearsal
//! does not know.

use crate::cli::pick;
use crate::cli::print::Paint;
use crate::config::{Broken, Person, ProviderChoice};
use crate::model::{PauseView, Stop, Timestamp, printable};
use crate::tick::UnreadCalendar;
use crate::when;

/// So many calendars are named in one line.
const NAMES_SHOWN: usize = 5;

/// Why a config rings no phone; `None`: it does.
pub(in crate::cli) const fn no_phone(provider: ProviderChoice, test_mode: bool) -> Option<&'static str> {
    match (provider, test_mode) {
        (ProviderChoice::Mock, _) => Some("MOCK: NO PHONE WILL RING"),
        (ProviderChoice::Twilio, true) => Some("TEST MODE: NO PHONE WILL RING"),
        (ProviderChoice::Twilio, false) => None,
    }
}

/// Why no phone rings, and `STOPPED: /etc/savehub/STOP exists; nothing will ring`.
pub(in crate::cli) fn brake_lines(no_phone: Option<&str>, stop: &Stop, paint: Paint) -> Vec<String> {
    let stopped = stop.words().map(|words| match printable(&words) {
        words if stop.is_unknown() => format!("STOPPED: {words}; nothing will ring until it can be"),
        words => format!("STOPPED: {words}; nothing will ring"),
    });
    no_phone.map(str::to_owned).into_iter().chain(stopped).map(|line| paint.alarm(&line)).collect()
}

/// `the config /home/ana/config.toml is broken since 08:55: line 3: …; ticks go on with its last good copy until …`.
pub(in crate::cli) fn broken_config(broken: &Broken, people: &[Person], now: Timestamp) -> String {
    let zone = pick::first_zone(people);
    broken.words(now, |at| when::short(at, now, &zone))
}

/// `PAUSED: ana until 11:00 (in 2 h), a reason; nothing is sent for these meetings`.
pub(in crate::cli) fn pause_lines(
    pauses: &[PauseView],
    people: &[Person],
    now: Timestamp,
    paint: Paint,
) -> Vec<String> {
    let line = |pause: &PauseView| {
        let what = if pause.person.is_some() { "nothing is sent for these meetings" } else { "nothing will ring" };
        paint.alarm(&format!("PAUSED: {}; {what}", pause_words(pause, people, now)))
    };
    pauses.iter().map(line).collect()
}

/// `NOT KNOWN: the meetings of calendars that were never read: work of ana`.
pub(in crate::cli) fn unread_line(unread: &[UnreadCalendar], paint: Paint) -> Option<String> {
    let mut names: Vec<String> = unread.iter().map(|one| format!("{} of {}", one.name, one.person)).collect();
    if names.len() > NAMES_SHOWN {
        let more = names.split_off(NAMES_SHOWN).len();
        names.push(format!("and {more} more"));
    }
    let line = format!("NOT KNOWN: the meetings of calendars that were never read: {}", names.join(", "));
    (!names.is_empty()).then(|| paint.alarm(&line))
}

/// `everybody until 11:00 (in 2 h), on a plane`: who, until when in their zone, why.
pub(in crate::cli) fn pause_words(pause: &PauseView, people: &[Person], now: Timestamp) -> String {
    let who = pause.person.as_deref().map_or_else(|| "everybody".to_owned(), printable);
    // Everybody's clock is that of the first; the time that is left is the same for all.
    let zone = pause.person.as_deref();
    let zone = zone.map_or_else(|| pick::first_zone(people), |person| pick::zone_of(person, people));
    let until = pause.until.map_or_else(|| "`savehub resume`".to_owned(), |at| when::describe(at, now, &zone));
    let why = pause.reason.as_deref().map_or_else(String::new, |why| format!(", {}", printable(why)));
    format!("{who} until {until}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{NOW, minutes, person};

    fn pause(person: Option<&str>, until: Option<Timestamp>, reason: Option<&str>) -> PauseView {
        let reason = reason.map(str::to_owned);
        PauseView { person: person.map(str::to_owned), since: NOW, until, reason }
    }

    #[test]
    fn a_pause_is_told_with_who_until_when_in_their_zone_and_why() {
        let people = [person("ana")];
        let told = |p: PauseView| pause_words(&p, &people, NOW);
        assert_eq!(
            told(pause(Some("ana"), Some(minutes(120)), Some("on a plane"))),
            "ana until 11:00 (in 2 h), on a plane"
        );
        assert_eq!(told(pause(None, Some(minutes(45)), None)), "everybody until 09:45 (in 45 min)");
        assert_eq!(told(pause(None, None, None)), "everybody until `savehub resume`");
    }
}
