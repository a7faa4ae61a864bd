//! Can every call of the next day start before its meeting? The ticks of that day are played on a copy, as `savehub plan`
//! does it.

use crate::cli::{open, pick};
use crate::clock::SystemClock;
use crate::config::{Config, ProviderChoice};
use crate::doctor::Check;
use crate::doctor::pace::{BY_HAND, PlannedCalls, judge};
use crate::model::{Reason, RungKind, StepState, Timestamp};
use crate::store::Store;
use crate::tick::{Foreseen, Outlook, plan_by};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "pace";

/// So far ahead.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Nothing more is played after this time.
const WITHIN: Duration = Duration::from_secs(30);

/// A file that is larger is not copied into memory, in bytes.
const LARGEST: u64 = 1 << 30;

/// Plays the day, and judges it.
pub(super) fn look(config: &Config, store: &Arc<dyn Store>, now: Timestamp) -> Check {
    let size = std::fs::metadata(&config.database).map_or(0, |file| file.len());
    if config.store.is_none() && size > LARGEST {
        return Check::skipped(NAME, format!("the database is too large to be copied into memory here; {BY_HAND}"));
    }
    let until = now.plus(AHEAD);
    match play(config, store, until) {
        Ok(outlook) => {
            let zone = pick::first_zone(&config.people);
            let broke_off = (outlook.until < until).then_some(WITHIN);
            judge(&calls(&outlook), broke_off, (now, &zone), &remedy(config))
        }
        Err(error) => Check::warning(NAME, format!("nobody can foresee it: {error:#}"), "See the other lines"),
    }
}

fn play(config: &Config, store: &Arc<dyn Store>, until: Timestamp) -> anyhow::Result<Outlook> {
    let world = open::world(&Arc::new(config.clone()), store, Arc::new(SystemClock))?;
    // What a rehearsal logs did not happen.
    Ok(crate::log::silenced(|| plan_by(&world, until, Instant::now() + WITHIN))?)
}

/// What a plan shows of calls.
fn calls(outlook: &Outlook) -> PlannedCalls {
    let calls = || outlook.steps.iter().filter(|step| step.result.kind == RungKind::Call);
    let late = || calls().filter(|step| step.result.reason == Reason::Capacity);
    let is_made = |step: &&Foreseen| step.result.state == StepState::Executed && step.result.reason != Reason::Merged;
    let first = late().next().map(|step| step.at);
    let late = late().count();
    PlannedCalls { all: late + calls().filter(is_made).count(), late, first, until: outlook.until }
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
