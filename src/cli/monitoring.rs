//! What a tick tells those who watch it, once everything else is done: the metrics file, then the heartbeat.

use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::exit::Exit;
use crate::model::{Reason, StepState, Timestamp};
use crate::store::Store;
use crate::tick::{HEARTBEAT_FAULT, METRICS_FAULT, Summary, fault, is_trouble};
use crate::watcher::{self, Ended, LIMIT, Source};
use std::time::{Duration, Instant};

/// How much of a tick's time is kept for what comes after the ping: a row in the database, and the exit.
const LEFT_OVER: Duration = Duration::from_secs(2);

/// A tick from its beginning on.
pub(super) struct MonitoredTick {
    started_at: Timestamp,
    started: Instant,
}

impl MonitoredTick {
    /// It begins now.
    pub(super) fn begin() -> Self {
        Self { started_at: SystemClock.now(), started: Instant::now() }
    }

    /// The tick is over: writes the metrics and pings. A failure is a fault of its own, and changes nothing else.
    pub(super) fn end(self, config: &Config, store: Option<&dyn Store>, ran: Result<&Summary, &anyhow::Error>) {
        let watcher = &config.watcher;
        if watcher.heartbeat.is_none() && watcher.metrics_file.is_none() {
            return;
        }
        let trouble = |summary: &Summary| {
            let lost = summary.results.iter().filter(|result| is_trouble(result));
            let late = summary.late_ends.iter().map(|_| (StepState::Failed, Reason::Rejected));
            lost.map(|result| (result.state, result.reason)).chain(late).collect()
        };
        let ended = Ended {
            started_at: self.started_at,
            took: self.started.elapsed(),
            exit: ran.map_or_else(Exit::of, Summary::exit),
            trouble: ran.map(trouble).unwrap_or_default(),
            broken_config: config.broken.as_deref().map(|broken| {
                // Nobody's name or number, and no path.
                let (since, until) = (broken.since, broken.until(SystemClock.now()));
                let since = since.map_or_else(String::new, |since| format!(" since {}", since.to_rfc3339()));
                format!("the config is broken{since}; ticks go on with its last good copy until {}", until.to_rfc3339())
            }),
        };
        if let Some(file) = &watcher.metrics_file {
            let now = SystemClock.now();
            let gauges = store.and_then(|store| store.gauges(now).ok());
            let source = Source { ended: &ended, now, stopped: config.stop().holds(), gauges: gauges.as_ref() };
            let done = watcher::write(file, &watcher::text(&source));
            report_fault(store, METRICS_FAULT, "metrics_file", done.err().as_deref());
        }
        if watcher.heartbeat.is_some() {
            let left = config.engine.tick_limit.saturating_sub(self.started.elapsed()).saturating_sub(LEFT_OVER);
            let done = match left.min(LIMIT) {
                Duration::ZERO => Err("the tick took all its time".to_owned()),
                within => watcher::ping(watcher, &ended, within),
            };
            report_fault(store, HEARTBEAT_FAULT, "heartbeat_url", done.err().as_deref());
        }
    }
}

/// Logs a fault as ticks do; each time, if the store cannot keep it.
fn report_fault(store: Option<&dyn Store>, key: &str, what: &str, why: Option<&str>) {
    let there = why.is_some();
    let words = || format!("{what}: {}", why.unwrap_or_default());
    let told = store.map(|store| fault(store, SystemClock.now(), key, there, words));
    if there && !matches!(told, Some(Ok(()))) {
        log::warn!("{}", words());
    }
}
