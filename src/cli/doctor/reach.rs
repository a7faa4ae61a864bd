//! Whoever else is asked: calendars, the mail server, webhooks, the TwiML Bin, the server of the heartbeat.

use super::account;
use super::jobs::Job;
use crate::calendar::look;
use crate::cli::calendar::source::changed_at;
use crate::cli::calendar::{CalendarOwner, horizon, how, zones_words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CalendarConfig, CalendarSource, Config, EmailConfig, Person, WatcherConfig, WebhookConfig};
use crate::doctor::Check;
use crate::doctor::account::AccountNeeds;
use crate::doctor::calendar::{CalendarRead, judge};
use crate::feed::{self, Fetched};
use crate::model::{Route, Timestamp, Validators, printable};
use crate::provider::checkup::{self, Bin, Checkup, WITHIN};
use crate::store::CalendarView;
use std::sync::Arc;
use std::time::Duration;

/// So far ahead a calendar is read, as by a tick.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Asks one thing.
fn job(check: &'static str, target: String, ask: impl FnOnce() -> Check + Send + 'static) -> Job {
    Job { check, target, run: Box::new(move || vec![ask()]) }
}

/// The account, as one job.
pub(super) fn account(checkup: Arc<dyn Checkup>, needs: AccountNeeds) -> Job {
    // Our time is read right before: the clocks are compared by it.
    let run = move || account::checks(checkup.as_ref(), &needs, SystemClock.now());
    Job { check: "account", target: "the provider".into(), run: Box::new(run) }
}

pub(super) fn mail(config: &EmailConfig) -> Job {
    let (name, config) = ("mail", config.clone());
    let server = format!("{}:{}", printable(&config.host), config.port);
    job(name, server.clone(), move || match checkup::mail_server(&config) {
        Ok(()) if config.login.is_some() => Check::ok(name, format!("{server} took the login; no mail was sent")),
        Ok(()) => Check::ok(name, format!("{server} answers; no mail was sent")),
        Err(why) => {
            let remedy = "Check host, port, security, user and password under [email]";
            Check::problem(name, format!("{server}: {}", printable(&why)), remedy)
        }
    })
}

pub(super) fn webhook(config: &WebhookConfig) -> Job {
    let (name, config) = ("webhook", config.clone());
    let who = format!("[webhook.{}]", printable(&config.name));
    job(name, who.clone(), move || match checkup::webhook(&config) {
        Ok(()) => Check::ok(name, format!("{who}: its server is there; nothing was sent to it")),
        Err(why) => {
            let remedy = "Check its address, and whether its server runs";
            Check::problem(name, format!("{who}: {}", printable(&why)), remedy)
        }
    })
}

/// The server that is pinged. A ping would say that ticks run.
pub(super) fn heartbeat(config: &WatcherConfig) -> Job {
    let (name, config) = ("heartbeat", config.clone());
    job(name, "the server of heartbeat_url".into(), move || {
        let url = config.heartbeat_url().unwrap_or_else(|| Err("there is no address".into()));
        match url.and_then(|url| checkup::server(&url, &config.route, WITHIN)) {
            Ok(()) => Check::ok(name, "its server is there; it was not pinged"),
            Err(why) => {
                let detail = format!("who is told that ticks run cannot be reached: {}", printable(&why));
                let remedy = "Check heartbeat_url, and the network; while it hears nothing, it alarms";
                Check::problem(name, detail, remedy)
            }
        }
    })
}

pub(super) fn key_bin(url: &str, route: &Route) -> Job {
    let (url, route) = (url.to_owned(), route.clone());
    job("key_bin", "the TwiML Bin".into(), move || judge_bin(checkup::key_bin(&url, &route)))
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
    let target = format!("{}/{}", printable(&person.id), printable(&source.name));
    let who = target.clone();
    job("calendar", target, move || {
        let refresh = source.refresh(&config);
        judge(&who, read(&person, &source, &config, now), view.as_ref(), refresh, now)
    })
}

/// What is in it, or why it cannot be used.
fn read(
    person: &Person,
    source: &CalendarSource,
    config: &CalendarConfig,
    now: Timestamp,
) -> Result<CalendarRead, String> {
    let until = horizon(now, AHEAD).map_err(|error| error.to_string())?;
    match feed::at(&source.place, source.route.as_ref(), config, &(now..until)).fetch(&Validators::default(), true) {
        Fetched::New { body, validators, missing } => {
            let owner = CalendarOwner::of(Some(person), source.own).knowing(&feed::own_addresses(&validators));
            let view = owner.view(now, until);
            let look = look(&body, &view).map_err(|why| why.to_string())?;
            if !look.whole {
                return Err("it breaks off before its END:VCALENDAR".into());
            }
            if let Some(lacking) = feed::lacking(missing) {
                return Err(lacking);
            }
            let declined_ring = view.policy.addresses.is_empty();
            Ok(CalendarRead {
                events: look.events,
                how: how(&source.place),
                changed_at: changed_at(&source.place, &validators),
                zones: zones_words(&look.zones),
                declined_ring,
            })
        }
        Fetched::Failed(failure) => Err(failure.why),
        Fetched::Unchanged(_) => Err("it was not sent".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

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
