//! `savehub doctor`: one line for each thing that could keep a phone from ringing, with what to do about it.
//!
//! It only looks: nothing rings, nothing is sent, nothing is made or changed. What is seen is judged in
//! [`crate::doctor`].
//!
//! | file | is about |
//! |---|---|
//! | `files` | config, brakes, file modes, programs, the metrics file |
//! | `database` | the database and where it is, or the server |
//! | `pace` | a rehearsal of the next day |
//! | `account` | the provider's account |
//! | `reach` | calendars, mail, webhooks, the TwiML Bin, the heartbeat |
//! | `jobs` | asking many at once |
//! | `text` | the lines, for people |

mod account;
mod database;
mod files;
mod jobs;
mod pace;
mod reach;
mod text;

pub use text::FIELDS;
pub(super) use text::text;

use jobs::Job;

use super::args::DoctorArgs;
use super::ctx::Invocation;
use super::words::young_words;
use super::{open, pick, print};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{
    Config, ConfigError, EngineConfig, PartialConfig, ProviderChoice, Secrets, Sources, look_for_stop, partial,
};
use crate::doctor::account::{AccountNeeds, resting};
use crate::doctor::ticks::{self, TickContext};
use crate::doctor::{Check, Findings, modes, zones};
use crate::exit::Exit;
use crate::model::{ProviderKind, RungKind, Timestamp};
use crate::provider::checkup;
use crate::store::sqlite::Create;
use crate::store::{Snapshot, Store, new_database};
use crate::tick;
use crate::zone::{self, SystemZone, Zone};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that is asked over the network ends within this time.
const WITHIN: Duration = Duration::from_secs(30);

/// How far back the prices of calls count.
const PRICES: Duration = Duration::from_secs(7 * 24 * 3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Runs the command.
pub(super) fn run(args: &DoctorArgs, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    let findings = look(file, args.offline, SystemClock.now());
    if args.json {
        print::json(out, &findings)?;
    } else {
        out.write_all(text(&findings, screen.paint, false).as_bytes())?;
    }
    Ok(if findings.problems == 0 { Exit::Done } else { Exit::NotDone })
}

/// Looks at everything.
pub(super) fn look(file: Option<&Path>, offline: bool, now: Timestamp) -> Findings {
    let partial = partial(&Sources { file, env: &open::env });
    let loaded = open::config_or_last_good(file, Secrets::Needed, false);
    let mut checks = vec![files::config(&loaded, now)];
    let store = here(&loaded, &partial, (offline, now), &mut checks);
    checks.extend(match &loaded {
        Ok(config) => network(config, store.as_deref(), offline, now),
        Err(_) => vec![Check::skipped("account", "the config cannot be used")],
    });
    Findings::of(checks)
}

/// What can be seen on this machine, whatever is wrong with the config.
fn here(
    loaded: &Result<Config, ConfigError>,
    partial: &PartialConfig,
    (offline, now): (bool, Timestamp),
    checks: &mut Vec<Check>,
) -> Option<Arc<dyn Store>> {
    let config = loaded.as_ref().ok();
    checks.extend(config.map(files::provider));
    checks.extend(config.map(files::never_rings).unwrap_or_default());
    let server = config.and_then(|config| Some((config, config.store.as_ref()?)));
    let file = config.filter(|config| config.store.is_none()).map(|config| config.database.clone());
    let database: Option<PathBuf> = file.or_else(|| partial.database.clone());
    checks.extend(modes::modes(&files::files(partial, database.as_deref()), rustix::process::geteuid().as_raw()));
    let age = zones::judge(&zone::data_version(), Zone::utc().civil(now).date.0);
    let used = config.is_none_or(|config| config.unknown_zone.is_some());
    checks.extend(zones::zones(age, &SystemZone::here(), used));
    checks.extend(config.map(files::commands).unwrap_or_default());
    checks.extend(config.and_then(|config| config.watcher.metrics_file.as_deref()).map(files::metrics));
    let (found, store) = match (server, database) {
        (Some((_, server)), _) if offline => {
            (vec![Check::skipped("database", format!("{}: --offline", server.name))], None)
        }
        (Some((config, server)), _) => database::server(open::store(config, Create::No), &server.name),
        (None, Some(database)) => database::database(&database),
        (None, None) => {
            let why = "the config cannot be used, so nobody knows where it is";
            (vec![Check::skipped("database", why)], None)
        }
    };
    checks.extend(found);
    let gauges = store.as_deref().and_then(|store| store.gauges(now).ok());
    let made_at = gauges.as_ref().and_then(|gauges| gauges.made_at);
    checks.extend(new_database(made_at, now).map(|age| Check::ok("database", young_words(age))));
    let faults = gauges.iter().flat_map(|gauges| &gauges.faults);
    checks.extend(resting(faults.filter_map(|fault| tick::refused_sender(fault))));
    checks.extend(brakes(config, partial, store.as_deref(), now));
    checks.extend(tick_checks(config, store.as_deref(), now));
    checks.push(match (config, &store) {
        (None, _) => Check::skipped("pace", "the config cannot be used"),
        (_, None) => Check::skipped("pace", "there is no database that could be read"),
        (Some(config), Some(store)) => pace::look(config, store, now),
    });
    store
}

fn brakes(config: Option<&Config>, partial: &PartialConfig, store: Option<&dyn Store>, now: Timestamp) -> Vec<Check> {
    let stop = match config {
        Some(config) => config.stop(),
        None => look_for_stop(partial.stop_files.iter().map(PathBuf::as_path)),
    };
    let pauses = store.and_then(|store| store.pauses(now).ok()).unwrap_or_default();
    files::brakes(&stop, &pauses)
}

fn tick_checks(config: Option<&Config>, store: Option<&dyn Store>, now: Timestamp) -> Vec<Check> {
    let Some(store) = store else {
        return vec![Check::skipped("ticks", "there is no database that could be read")];
    };
    let zone = config.map_or_else(Zone::system, |config| pick::first_zone(&config.people));
    let limit = config.map_or_else(|| EngineConfig::default().tick_limit, |config| config.engine.tick_limit);
    let shared = config.is_some_and(|config| config.store.is_some());
    match store.recent_ticks(now.minus(ticks::SINCE), ticks::LIMIT) {
        Ok(seen) => ticks::judge(&seen, TickContext { now, limit, zone: &zone, shared }),
        Err(error) => {
            vec![Check::problem("ticks", format!("they cannot be read: {error}"), "See the line about the database")]
        }
    }
}

/// Everything that is asked over the network.
fn network(config: &Config, store: Option<&dyn Store>, offline: bool, now: Timestamp) -> Vec<Check> {
    let snapshot = store.and_then(|store| store.snapshot(now, now.minus(PRICES), now.plus(DAY)).ok());
    let has_calendars = config.people.iter().any(|person| !person.calendars.is_empty());
    let channels = &config.channels;
    let rest: Vec<(&'static str, bool)> = vec![
        ("account", true),
        ("mail", channels.email.is_some()),
        ("webhook", !channels.webhooks.is_empty()),
        ("key_bin", config.hear.key_bin.is_some()),
    ];
    let skipped = |why: &str| -> Vec<Check> {
        let there = rest.iter().filter(|(_, there)| *there);
        there.map(|(name, _)| Check::skipped(name, why)).collect()
    };
    // These are asked in a rehearsal, too, as ticks do.
    let heartbeat = &config.watcher.heartbeat;
    if offline {
        let mut checks = skipped("--offline");
        checks.extend(has_calendars.then(|| Check::skipped("calendar", "--offline")));
        checks.extend(heartbeat.as_ref().map(|_| Check::skipped("heartbeat", "--offline")));
        return checks;
    }
    let views = snapshot.as_ref().map(|snapshot| snapshot.calendars.as_slice()).unwrap_or_default();
    let calendars = reach::calendars(config, views, now);
    let (mut jobs, mut checks): (Vec<Job>, _) = (Vec::new(), Vec::new());
    jobs.extend(heartbeat.as_ref().map(|_| reach::heartbeat(&config.watcher)));
    // No password is asked for while nothing can be sent.
    if config.provider.chosen == ProviderChoice::Mock {
        checks.extend(skipped("the provider is mock: nothing leaves"));
    } else {
        let needs = account::needs(config).map(|needs| with_history(needs, config, snapshot.as_ref()));
        jobs.extend(checkup::checkup(config).zip(needs).map(|(checkup, needs)| reach::account(checkup, needs)));
        jobs.extend(channels.email.as_ref().map(reach::mail));
        jobs.extend(channels.webhooks.iter().map(reach::webhook));
        // It is the provider's.
        let key_bin = config.hear.key_bin.as_deref().zip(config.provider.twilio.as_ref());
        jobs.extend(key_bin.map(|(url, twilio)| reach::key_bin(url, &twilio.route)));
    }
    checks.extend(jobs::run(vec![(jobs.len(), jobs), (config.calendar.parallel, calendars)], WITHIN));
    checks
}

/// What calls have cost, and how many there may be.
fn with_history(needs: AccountNeeds, config: &Config, snapshot: Option<&Snapshot>) -> AccountNeeds {
    let Some(snapshot) = snapshot else { return needs };
    let attempts = snapshot.incidents.iter().flat_map(|incident| &incident.steps).flat_map(|step| &step.attempts);
    let real = attempts.filter(|attempt| attempt.provider == ProviderKind::Twilio);
    // A charge is written as a negative number.
    let prices = real.filter_map(|attempt| attempt.price.as_deref()?.parse::<f64>().ok()).map(f64::abs);
    let price = prices.filter(|price| price.is_finite()).reduce(f64::max);
    let rungs = config.ladder.iter().filter(|rung| rung.action.kind == RungKind::Call).count();
    AccountNeeds { price, calls_ahead: snapshot.next_meetings.len() * rungs, ..needs }
}
