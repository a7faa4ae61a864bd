//! Can every call of the next day start before its meeting? The ticks of that day are played on a copy, as `savehub plan`
//! does it.

use crate::cli::{open, pick};
use crate::clock::SystemClock;
use crate::config::{Config, ProviderChoice};
use crate::doctor::Check;
use crate::doctor::pace::{NotPlayed, PlannedCalls, judge};
use crate::model::{MeetingState, PlannedStep, Reason, RungKind, StepState, Timestamp};
use crate::rules::ahead::{MayRing, first_crowd};
use crate::rules::ladder;
use crate::store::Store;
use crate::tick::{Foreseen, Outlook, World, plan_by};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "pace";

/// So far ahead.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// No tick is played after this time. Nobody waits longer for a doctor, and of a large company's day, the rest is counted.
const WITHIN: Duration = Duration::from_secs(4);

/// Plays the day, and judges it.
pub(super) fn look(config: &Config, store: &Arc<dyn Store>, now: Timestamp) -> Check {
    let until = now.plus(AHEAD);
    match play(config, store, until) {
        Ok((outlook, rest)) => {
            let zone = pick::first_zone(&config.people);
            judge(&calls(&outlook), rest, (now, &zone), &remedy(config))
        }
        Err(error) => Check::warning(NAME, format!("nobody can foresee it: {error:#}"), "See the other lines"),
    }
}

fn play(config: &Config, store: &Arc<dyn Store>, until: Timestamp) -> anyhow::Result<(Outlook, Option<NotPlayed>)> {
    let world = open::world(&Arc::new(config.clone()), store, Arc::new(SystemClock))?;
    // What a rehearsal logs did not happen.
    let outlook = crate::log::silenced(|| plan_by(&world, until, Instant::now() + WITHIN))?;
    let rest = (outlook.until < until).then(|| not_played(&world, &outlook, until)).transpose()?;
    Ok((outlook, rest))
}

/// What may come after the rehearsal broke off, as the calendars were read last: a call for every rung that was not
/// decided in it.
fn not_played(world: &World, outlook: &Outlook, until: Timestamp) -> anyhow::Result<NotPlayed> {
    let (config, from) = (&world.config, outlook.until);
    let decided = |step: &'_ Foreseen| Some((step.result.person.clone(), step.starts_at, step.result.due_at?));
    let decided: HashSet<_> = outlook.steps.iter().filter_map(decided).collect();
    let mut calls = Vec::new();
    for meeting in world.store.meetings(from, until.plus(ladder::reach(&config.ladder)))? {
        if meeting.state != MeetingState::Scheduled || config.person(&meeting.person).is_none() {
            continue;
        }
        let is_ahead = |call: &PlannedStep| {
            let key = (meeting.person.clone(), meeting.starts_at, call.due_at);
            call.action.kind == RungKind::Call
                && call.due_at < until
                && call.deadline_at > from
                && !decided.contains(&key)
        };
        let steps = ladder::plan(&config.ladder, meeting.starts_at).into_iter().filter(is_ahead);
        calls.extend(steps.map(|call| MayRing { due_at: call.due_at.max(from), deadline_at: call.deadline_at }));
    }
    let (provider, count) = (world.providers.of(RungKind::Call), calls.len());
    let every = provider.and_then(|provider| Some(provider.pace()?.every(provider.senders().len())));
    let crowd = every.and_then(|every| first_crowd(calls, from, every));
    Ok(NotPlayed { within: WITHIN, calls: count, crowd })
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
