//! Whoever else is asked: calendars, the mail server, webhooks, the TwiML Bin, the server of the heartbeat.

use super::account::{self, Need};
use super::check::Check;
use super::jobs::Job;
use crate::calendar::look;
use crate::cli::calendar::{Whose, horizon};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CalendarConfig, CalendarSource, Config, EmailConfig, Person, WatcherConfig, WebhookConfig};
use crate::feed::{self, Fetched};
use crate::model::{CalendarKind, Timestamp, Validators, printable};
use crate::provider::checkup::{self, Bin, Checkup, WITHIN};
use crate::store::CalendarView;
use crate::when;
use std::sync::Arc;
use std::time::Duration;

/// So far ahead a calendar is read, as by a tick.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// A copy is old when it was not confirmed for so many times its refresh, ...
const REFRESHES: u32 = 4;

/// ... and at least so long.
const OLD: Duration = Duration::from_secs(3600);

/// The account, as one job.
pub(super) fn account(checkup: Arc<dyn Checkup>, need: Need) -> Job {
    // Our time is read right before: the clocks are compared by it.
    let run = move || account::checks(checkup.as_ref(), &need, SystemClock.now());
    Job { check: "account", whom: "the provider".into(), run: Box::new(run) }
}

pub(super) fn mail(config: &EmailConfig) -> Job {
    let (name, config) = ("mail", config.clone());
    let server = format!("{}:{}", printable(&config.host), config.port);
    let whom = server.clone();
    let run = move || {
        vec![match checkup::mail_server(&config) {
            Ok(()) if config.login.is_some() => Check::ok(name, format!("{server} took the login; no mail was sent")),
            Ok(()) => Check::ok(name, format!("{server} answers; no mail was sent")),
            Err(why) => Check::problem(
                name,
                format!("{server}: {}", printable(&why)),
                "Check host, port, security, user and password under [email]",
            ),
        }]
    };
    Job { check: name, whom, run: Box::new(run) }
}

pub(super) fn webhook(config: &WebhookConfig) -> Job {
    let (name, config) = ("webhook", config.clone());
    let whom = format!("[webhook.{}]", printable(&config.name));
    let who = whom.clone();
    let run = move || {
        vec![match checkup::webhook(&config) {
            Ok(()) => Check::ok(name, format!("{who}: its server is there; nothing was sent to it")),
            Err(why) => Check::problem(
                name,
                format!("{who}: {}", printable(&why)),
                "Check its address, and whether its server runs",
            ),
        }]
    };
    Job { check: name, whom, run: Box::new(run) }
}

/// The server that is pinged. A ping would say that ticks run.
pub(super) fn heartbeat(config: &WatcherConfig) -> Job {
    let (name, config) = ("heartbeat", config.clone());
    let run = move || {
        let reached = config.heartbeat_url().unwrap_or_else(|| Err("there is no address".into()));
        vec![match reached.and_then(|url| checkup::server(&url, None, WITHIN)) {
            Ok(()) => Check::ok(name, "its server is there; it was not pinged"),
            Err(why) => Check::problem(
                name,
                format!("who is told that ticks run cannot be reached: {}", printable(&why)),
                "Check heartbeat_url, and the network; while it hears nothing, it alarms",
            ),
        }]
    };
    Job { check: name, whom: "the server of heartbeat_url".into(), run: Box::new(run) }
}

pub(super) fn key_bin(url: &str) -> Job {
    let url = url.to_owned();
    let run = move || vec![judge_bin(checkup::key_bin(&url))];
    Job { check: "key_bin", whom: "the TwiML Bin".into(), run: Box::new(run) }
}

fn judge_bin(told: Result<Bin, String>) -> Check {
    let name = "key_bin";
    let copy = "Copy the Bin's text from savehub-hear(7), and its address from the console into hear.key_bin";
    match told {
        Ok(Bin::Good) => Check::ok(name, "the TwiML Bin holds what it should"),
        Ok(Bin::Other) => {
            Check::problem(name, "the address answers with something else than the Bin of the manual", copy)
        }
        Ok(Bin::Refused(404 | 410)) => Check::problem(name, "there is no TwiML Bin at this address", copy),
        Ok(Bin::Refused(status)) => Check::warning(
            name,
            format!("the TwiML Bin answers only the provider (HTTP {status})"),
            "`savehub call-test --keypress` tries it with a real call",
        ),
        Err(why) => Check::problem(name, format!("the TwiML Bin cannot be reached: {}", printable(&why)), copy),
    }
}

/// Every calendar of everybody. `views`: what the store says of them.
pub(super) fn calendars(config: &Config, views: &[CalendarView], now: Timestamp) -> Vec<Job> {
    let of_person = |person: &Person| {
        let job = |source: &CalendarSource| {
            let view = views.iter().find(|view| view.person == person.id && view.name == source.name);
            calendar(person, source, &config.calendar, view.cloned(), now)
        };
        person.calendars.iter().map(job).collect::<Vec<Job>>()
    };
    config.people.iter().flat_map(of_person).collect()
}

fn calendar(
    person: &Person,
    source: &CalendarSource,
    config: &CalendarConfig,
    view: Option<CalendarView>,
    now: Timestamp,
) -> Job {
    let (person, source) = (person.clone(), source.clone());
    let config = CalendarConfig { timeout: config.timeout.min(WITHIN), ..config.clone() };
    let whom = format!("{}/{}", printable(&person.id), printable(&source.name));
    let who = whom.clone();
    let run = move || {
        let read = read(&person, &source, &config, now);
        let refresh = source.refresh.unwrap_or(config.refresh);
        vec![judge_calendar(&who, read, view.as_ref(), refresh, now)]
    };
    Job { check: "calendar", whom, run: Box::new(run) }
}

/// How many events are in it, or why it cannot be used.
fn read(person: &Person, source: &CalendarSource, config: &CalendarConfig, now: Timestamp) -> Result<usize, String> {
    match feed::at(&source.place, config).fetch(&Validators::default(), true) {
        Fetched::New { body, .. } => {
            let until = horizon(now, AHEAD).map_err(|error| error.to_string())?;
            let whose = Whose::of(Some(person));
            let look = look(&body, &whose.view(now, until)).map_err(|why| why.to_string())?;
            if look.whole { Ok(look.events) } else { Err("it breaks off before its END:VCALENDAR".into()) }
        }
        Fetched::Failed(failure) => Err(failure.why),
        Fetched::Unchanged(_) => Err("it was not sent".into()),
    }
}

fn judge_calendar(
    who: &str,
    read: Result<usize, String>,
    view: Option<&CalendarView>,
    refresh: Duration,
    now: Timestamp,
) -> Check {
    let name = "calendar";
    let good_at = view.and_then(|view| view.good_at);
    let ago = |at: Timestamp| when::span(now.since(at).max(0).unsigned_abs());
    match read {
        Err(why) => {
            let copy = good_at.map_or_else(String::new, |at| format!("; the copy of {} ago stays in force", ago(at)));
            let detail = format!("{who} cannot be read: {}{copy}", printable(&why));
            Check::problem(name, detail, "Correct its address or file under `calendars` of the person")
        }
        Ok(events) => {
            let limit = (refresh * REFRESHES).max(OLD);
            // Files are looked at by every tick, and nothing is written while they stay as they are.
            let web = view.is_some_and(|view| view.kind == CalendarKind::Web);
            match good_at.filter(|at| web && at.plus(limit) < now) {
                Some(at) => {
                    let detail = format!("{who} can be read, but ticks last did so {} ago", ago(at));
                    Check::warning(name, detail, "`savehub status` says why; do ticks run, and with this config?")
                }
                None if events == 1 => Check::ok(name, format!("{who}, 1 event")),
                None => Check::ok(name, format!("{who}, {events} events")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;
    use crate::cli::testing::{NOW, minutes};
    use crate::model::CalendarId;

    fn view(good_minutes_ago: i64, kind: CalendarKind) -> CalendarView {
        CalendarView {
            id: CalendarId(1),
            person: "ana".into(),
            name: "work".into(),
            kind,
            good_at: Some(minutes(-good_minutes_ago)),
            checked_at: None,
            failing_since: None,
            failure: None,
            next_look_at: NOW,
            events: None,
            notices: 0,
            notice: None,
        }
    }

    #[test]
    fn a_calendar_is_readable_and_its_copy_is_young() {
        let of = |read: Result<usize, &str>, view: Option<CalendarView>| {
            let refresh = Duration::from_secs(300);
            let check = judge_calendar("ana/work", read.map_err(str::to_owned), view.as_ref(), refresh, NOW);
            (check.status, check.detail)
        };
        let (web, file) = (|ago| Some(view(ago, CalendarKind::Web)), |ago| Some(view(ago, CalendarKind::File)));
        assert_eq!(of(Ok(1), None), (Status::Ok, "ana/work, 1 event".into()));
        assert_eq!(of(Ok(12), web(59)), (Status::Ok, "ana/work, 12 events".into()));
        assert_eq!(of(Ok(12), file(900)).0, Status::Ok);
        let stale = "ana/work can be read, but ticks last did so 5 h ago";
        assert_eq!(of(Ok(12), web(300)), (Status::Warning, stale.into()));
        let broken = "ana/work cannot be read: gone; the copy of 5 h ago stays in force";
        assert_eq!(of(Err("gone"), web(300)), (Status::Problem, broken.into()));
        assert_eq!(of(Err("gone"), None).1, "ana/work cannot be read: gone");
    }

    #[test]
    fn a_bin_is_good_wrong_missing_or_shy() {
        for (told, status) in [
            (Ok(Bin::Good), Status::Ok),
            (Ok(Bin::Other), Status::Problem),
            (Ok(Bin::Refused(404)), Status::Problem),
            (Ok(Bin::Refused(403)), Status::Warning),
            (Err("no connection".into()), Status::Problem),
        ] {
            assert_eq!(judge_bin(told).status, status);
        }
    }
}
