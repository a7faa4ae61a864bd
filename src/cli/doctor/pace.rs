//! Can every call of the next day start before its meeting? The ticks of that day are played on a copy, as `savehub plan`
//! does it.

use super::check::Check;
use crate::cli::open;
use crate::clock::SystemClock;
use crate::config::{Config, ProviderChoice};
use crate::model::{Reason, RungKind, StepState, Timestamp};
use crate::store::Store;
use crate::tick::{Foreseen, Outlook, plan_by};
use crate::when;
use crate::zone::Zone;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) const NAME: &str = "pace";

/// So far ahead.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Nothing more is played after this time.
const WITHIN: Duration = Duration::from_secs(30);

/// A file that is larger is not copied into memory, in bytes.
const LARGEST: u64 = 1 << 30;

const BY_HAND: &str = "`savehub plan` takes the time it needs";

/// Plays the day, and judges it.
pub(super) fn look(config: &Config, store: &Arc<dyn Store>, now: Timestamp) -> Check {
    let size = std::fs::metadata(&config.database).map_or(0, |file| file.len());
    if config.store.is_none() && size > LARGEST {
        return Check::skipped(NAME, format!("the database is too large to be copied into memory here; {BY_HAND}"));
    }
    let until = now.plus(AHEAD);
    match play(config, store, until) {
        Ok(outlook) => judge(&Seen::of(&outlook), outlook.until < until, now, config),
        Err(error) => Check::warning(NAME, format!("nobody can foresee it: {error:#}"), "See the other lines"),
    }
}

fn play(config: &Config, store: &Arc<dyn Store>, until: Timestamp) -> anyhow::Result<Outlook> {
    let world = open::world(&Arc::new(config.clone()), store, Arc::new(SystemClock))?;
    // What a rehearsal logs did not happen.
    let level = log::max_level();
    log::set_max_level(log::LevelFilter::Off);
    let played = plan_by(&world, until, Instant::now() + WITHIN);
    log::set_max_level(level);
    Ok(played?)
}

/// What a plan shows of calls.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Calls that are made or too late.
    all: usize,
    /// Those that cannot start before their meetings.
    late: usize,
    /// When the first of them is turned away.
    first: Option<Timestamp>,
    /// How far it reaches.
    until: Timestamp,
}

impl Seen {
    fn of(outlook: &Outlook) -> Self {
        let calls = || outlook.steps.iter().filter(|step| step.result.kind == RungKind::Call);
        let late = || calls().filter(|step| step.result.reason == Reason::Capacity);
        let is_made =
            |step: &&Foreseen| step.result.state == StepState::Executed && step.result.reason != Reason::Merged;
        let first = late().next().map(|step| step.at);
        let late = late().count();
        Self { all: late + calls().filter(is_made).count(), late, first, until: outlook.until }
    }
}

fn judge(seen: &Seen, broke_off: bool, now: Timestamp, config: &Config) -> Check {
    let zone = config.people.first().map_or_else(Zone::system, |person| person.zone.clone());
    let Seen { all, late, first, until } = *seen;
    let end = if broke_off { format!("until {}", when::short(until, now, &zone)) } else { "in the next 24 h".into() };
    if let Some(first) = first {
        let at = when::describe(first, now, &zone);
        let detail = format!("{late} of {all} calls {end} cannot ring before their meetings, first at {at}");
        return Check::warning(NAME, detail, remedy(config));
    }
    let detail = match all {
        0 => format!("there are no calls {end}"),
        1 => format!("the one call {end} can ring in time"),
        all => format!("all {all} calls {end} can ring in time"),
    };
    if broke_off {
        let why = format!("{detail}; what comes then was not played within {} s, {BY_HAND}", WITHIN.as_secs());
        return Check::skipped(NAME, why);
    }
    Check::ok(NAME, detail)
}

/// What lets more calls start in time.
fn remedy(config: &Config) -> String {
    let pace = match (config.provider.chosen, &config.provider.twilio) {
        (ProviderChoice::Twilio, Some(twilio)) if twilio.calls_per_second_per_number.is_some() => {
            "Let the provider raise the account's calls per second and write that as calls_per_second, name more numbers \
             under from (each keeps to calls_per_second_per_number)"
        }
        (ProviderChoice::Twilio, _) => {
            "Let the provider raise the account's calls per second and write that as calls_per_second"
        }
        (ProviderChoice::Mock, _) => "Raise calls_per_second under [provider.mock]",
    };
    format!("{pace}, or call earlier (before, and critical_window); `savehub plan` shows who is left out")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Status;

    #[test]
    fn a_day_that_was_not_played_to_its_end_is_never_called_fine() {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let at = |hours: u64| now.plus(Duration::from_secs(hours * 3600));
        let of = |late, first, broke_off| {
            let seen = Seen { all: 12, late, first, until: at(2) };
            judge(&seen, broke_off, now, &Config::standard(&|_| None))
        };
        let fine = of(0, None, false);
        assert_eq!((fine.status, fine.detail.as_str()), (Status::Ok, "all 12 calls in the next 24 h can ring in time"));
        let unknown = of(0, None, true);
        let words = [" can ring in time; ", "was not played within 30 s", "`savehub plan`"];
        assert!(unknown.detail.starts_with("all 12 calls until "), "{unknown:?}");
        assert!(unknown.status == Status::Skipped && words.iter().all(|word| unknown.detail.contains(word)));
        for broke_off in [false, true] {
            let crowded = of(3, Some(at(1)), broke_off);
            assert_eq!(crowded.status, Status::Warning);
            assert!(
                crowded.detail.starts_with("3 of 12 calls ") && crowded.detail.ends_with(" (in 1 h)"),
                "{crowded:?}"
            );
        }
    }
}
