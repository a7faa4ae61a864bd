//! What the status of a snapshot is made with, and how old a tick is.

use crate::cli::print::Screen;
use crate::config::{Broken, Config, Person, ProviderChoice};
use crate::exit::Exit;
use crate::model::{Stop, Timestamp};
use crate::store::{Snapshot, Store, StoreError, TickView};
use std::time::Duration;

/// Ended incidents are shown for this long.
const SHOWN_FOR: Duration = Duration::from_secs(12 * 3600);

/// Meetings to come are shown when they start within this time.
const AHEAD: Duration = Duration::from_secs(7 * 24 * 3600);

/// Without `--max-age`, a tick older than this raises the question whether the scheduler runs.
const USUAL_MAX_AGE: Duration = Duration::from_secs(120);

/// What a snapshot does not say.
#[derive(Debug, Clone)]
pub struct StatusCtx<'a> {
    /// Wall time.
    pub now: Timestamp,
    /// The people of the config, for their zones.
    pub people: &'a [Person],
    /// Who places calls.
    pub provider: ProviderChoice,
    /// Calls are recorded, not placed.
    pub test_mode: bool,
    /// The STOP file.
    pub stop: Stop,
    /// The config is broken.
    pub broken: Option<&'a Broken>,
    /// Oldest tick that is still fine.
    pub max_age: Option<Duration>,
    /// How to show things.
    pub screen: Screen,
}

impl<'a> StatusCtx<'a> {
    /// What the config says, now.
    pub(in crate::cli) fn of(config: &'a Config, now: Timestamp, screen: Screen) -> Self {
        Self {
            now,
            people: &config.people,
            provider: config.provider.chosen,
            test_mode: config.test_mode,
            stop: config.stop(),
            broken: config.broken.as_deref(),
            max_age: None,
            screen,
        }
    }

    /// Is this tick too old?
    pub(super) fn is_old(&self, tick: &TickView) -> bool {
        u128::from(age_ms(tick, self.now)) > self.max_age.unwrap_or(USUAL_MAX_AGE).as_millis()
    }

    /// Is the last tick too old, or was there none?
    pub(super) fn is_stale(&self, tick: Option<&TickView>) -> bool {
        tick.is_none_or(|tick| self.is_old(tick))
    }
}

/// What the store says, of the time that is shown.
pub(super) fn snapshot(store: &dyn Store, now: Timestamp) -> Result<Snapshot, StoreError> {
    store.snapshot(now, now.minus(SHOWN_FOR), now.plus(AHEAD))
}

/// [`Exit::Stale`] when the last tick is older than `--max-age` allows, or there was none.
pub(super) fn exit(last_tick: Option<&TickView>, ctx: &StatusCtx<'_>) -> Exit {
    if ctx.max_age.is_some() && ctx.is_stale(last_tick) { Exit::Stale } else { Exit::Done }
}

/// Age of a tick: since it ended, or since it started when it has not ended (it runs, or it was killed). A tick from
/// the future (the clock was turned back) is as old as it is far away.
pub(super) fn age_ms(tick: &TickView, now: Timestamp) -> u64 {
    now.since(tick.ended_at.unwrap_or(tick.started_at)).unsigned_abs()
}
