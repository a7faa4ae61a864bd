//! What an open step waits for. Every view of a step asks here.

use super::words::pause_words;
use crate::config::{Config, ProviderChoice};
use crate::model::{PauseView, ProviderKind, StepState, Stop, Timestamp, printable};
use crate::store::{Snapshot, StepView};
use std::time::Duration;

/// While a scheduler runs, the last tick is never older.
const TICKS_COME: Duration = Duration::from_secs(120);

/// A step that is due for longer waits for something else than the next tick.
const LONG: Duration = Duration::from_secs(60);

/// What may keep a step from running now. By default nothing is known.
#[derive(Default)]
pub(super) struct Conditions {
    /// The STOP file.
    stop: Stop,
    /// The longest pause that applies to this person, and its words.
    pause: Option<(PauseView, String)>,
    /// When the newest tick ended, or began if it has not.
    last_tick: Option<Timestamp>,
    /// The provider refuses the account.
    refused: bool,
    /// Nothing reaches the provider.
    unreachable: bool,
}

impl Conditions {
    /// The conditions of a person's meetings.
    pub(super) fn of(snapshot: &Snapshot, person: &str, config: &Config, now: Timestamp) -> Self {
        let own = snapshot.pauses.iter().filter(|pause| pause.person.as_deref().is_none_or(|who| who == person));
        let longest = own.max_by_key(|pause| pause.until.unwrap_or(Timestamp::from_ms(i64::MAX)));
        let provider = match config.provider.chosen {
            ProviderChoice::Mock => ProviderKind::Mock,
            ProviderChoice::Twilio => ProviderKind::Twilio,
        };
        let lasts = |wanted: &str| snapshot.faults.iter().any(|fault| fault.fault == wanted);
        Self {
            stop: config.stop(),
            pause: longest.map(|pause| (pause.clone(), pause_words(pause, &config.people, now))),
            last_tick: snapshot.last_tick.as_ref().map(|tick| tick.ended_at.unwrap_or(tick.started_at)),
            refused: lasts(&crate::tick::account_fault(provider)),
            unreachable: lasts(&crate::tick::network_fault(provider)),
        }
    }

    /// What would skip a step at this time.
    fn brake_at(&self, at: Timestamp) -> Option<String> {
        if let Stop::There(_) = self.stop {
            return Some("the STOP file exists".into());
        }
        let (_, words) = self.pause.as_ref().filter(|(pause, _)| pause.holds_at(at))?;
        Some(format!("savehub is paused: {words}"))
    }
}

/// What keeps a step back that is to come.
pub(super) enum Brake {
    /// It would be skipped for this.
    Skips(String),
    /// It would wait for this.
    Waits(String),
}

/// What a step waits for.
pub(super) enum WaitsFor {
    /// For nothing: it runs.
    Running,
    /// For this time, and what would skip it then or hold it back.
    DueTime(Timestamp, Option<Brake>),
    /// For nothing: the next tick skips it, and why.
    Skip(String),
    /// For somebody to be able to say whether there is a STOP file, and why nobody can.
    Stop(String),
    /// For ticks to come again; the last one was then.
    Ticks(Timestamp),
    /// For the provider to take the account again.
    Account,
    /// For the network.
    Network,
    /// For its phone to be free, or for its turn.
    Turn,
    /// For the next tick.
    NextTick,
}

/// Judges a step that is pending or runs. `ready_at`: a retry does not come before.
pub(super) fn waits_for(step: &StepView, ready_at: Timestamp, now: Timestamp, conditions: &Conditions) -> WaitsFor {
    if step.state == StepState::Running {
        return WaitsFor::Running;
    }
    let at = step.due_at.max(ready_at);
    let brake = conditions.brake_at(at.max(now));
    let unknown = conditions.stop.words().filter(|_| conditions.stop.is_unknown()).map(|words| printable(&words));
    if at > now {
        let brake = unknown.map(Brake::Waits).or_else(|| brake.map(Brake::Skips));
        return WaitsFor::DueTime(at, brake);
    }
    if let Some(why) = unknown {
        return WaitsFor::Stop(why);
    }
    let last = conditions.last_tick.filter(|last| last.plus(TICKS_COME) < now);
    match (brake, last) {
        (Some(why), _) => WaitsFor::Skip(why),
        (None, Some(last)) => WaitsFor::Ticks(last),
        (None, None) if conditions.refused => WaitsFor::Account,
        (None, None) if conditions.unreachable => WaitsFor::Network,
        (None, None) if at.plus(LONG) < now => WaitsFor::Turn,
        (None, None) => WaitsFor::NextTick,
    }
}
