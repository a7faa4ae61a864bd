//! The tick's own row: written first, so that a database that cannot be written shows now; completed at the end.

use super::context::Context;
use super::faults::{
    self, BROKEN_FAULT, CONFIG_FAULT, HEARTBEAT_FAULT, METRICS_FAULT, NOT_KEPT_FAULT, ZONE_FAULT, host,
};
use super::summary::{ConfigSeen, Summary};
use super::time::Time;
use super::world::World;
use crate::model::{PauseView, Remembered, Stop, TickSpan, Timestamp, printable};
use crate::rules::skew::{self, SkewSample};
use crate::rules::witness::{self, Witnesses};
use crate::store::{StoreError, TickBegun, TickEnd, TickStart};

/// The key of everybody's pause; for a person's own, the id follows.
const PAUSE: &str = "pause";

/// The row, and what earlier ticks left.
pub(super) struct TickRow {
    begun: TickBegun,
    /// What is added to the machine's wall time in this tick, milliseconds.
    correction_ms: i64,
}

impl TickRow {
    /// Writes it. From now on `time` is corrected by what earlier ticks saw.
    pub(super) fn begin(world: &World, time: &mut Time) -> Result<(Self, World), StoreError> {
        let (now, boottime_ms) = (world.clock.now(), world.clock.boottime_ms());
        let host = host();
        let begun = world.store.begin_tick(&TickStart {
            now,
            boottime_ms,
            owner: world.me.clone(),
            host,
            turned: world.clock.is_turned(),
        })?;
        let seen = begun.skews.iter().map(|s| SkewSample {
            skew_ms: s.skew_ms,
            at: (s.started_at, s.boottime_ms),
            same_boot: s.owner.same_boot(&world.me),
        });
        let (seen, synchronised) = (seen.collect::<Vec<_>>(), world.clock.synchronised());
        let witnesses = Witnesses { now: (now, boottime_ms), ticks: &begun.clocks, provider: &seen, synchronised };
        time.may_be_final = witness::may_be_final(&witnesses);
        time.provider_skew_ms = witness::by_the_provider(&witnesses);
        // One provider's clock does not outweigh a synchronised one.
        let trusted = synchronised == Some(true);
        let correction_ms = if trusted { 0 } else { skew::correction(&seen, (now, boottime_ms)) };
        let world = World { clock: time.correct(correction_ms), ..world.clone() };
        Ok((Self { begun, correction_ms }, world))
    }

    /// The times of which this database knows every call of ours, by this tick's corrected clock.
    pub(super) fn remembered(&self) -> Remembered {
        let corrected = |at: Timestamp| Timestamp::from_ms(at.ms().saturating_add(self.correction_ms));
        let Remembered { ticks, on_since } = &self.begun.remembered;
        let span = |t: &TickSpan| TickSpan { started_at: corrected(t.started_at), ended_at: corrected(t.ended_at) };
        Remembered { ticks: ticks.iter().map(span).collect(), on_since: on_since.map(corrected) }
    }

    /// Logs the faults that last from earlier ticks, and the stop file.
    pub(super) fn tell(&self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        cx.faults.clone_from(&self.begun.faults);
        let last_tick_at = self.remembered().ticks.iter().map(|tick| tick.ended_at).max();
        cx.accounts.begin(cx.world, cx.time.now(), &cx.faults, last_tick_at)?;
        self.tell_pauses(cx)?;
        Self::tell_config(cx)?;
        let config = &cx.world.config;
        let refused: Vec<&str> = config.refused.titles().collect();
        // When one of these leaves the config, nothing else would end its fault.
        let watched = [
            (HEARTBEAT_FAULT, config.watcher.heartbeat.is_some()),
            (METRICS_FAULT, config.watcher.metrics_file.is_some()),
            (ZONE_FAULT, config.unknown_zone.is_some()),
            (CONFIG_FAULT, !refused.is_empty()),
        ];
        let over = |(key, configured): &&(&str, bool)| !configured && cx.faults.iter().any(|fault| fault == key);
        watched.iter().filter(over).try_for_each(|(key, _)| cx.fault(key, false, String::new))?;
        if let Some(unknown) = &config.unknown_zone {
            cx.fault(ZONE_FAULT, true, || unknown.clone())?;
        }
        if !refused.is_empty() {
            let locked = config.provider.locked().map_or("", |_| "; until then nothing reaches a phone");
            cx.fault(CONFIG_FAULT, true, || {
                let refused = refused.join("; ");
                format!("`savehub config check` refuses the config, and ticks go on with it: {refused}{locked}")
            })?;
        }
        Self::tell_stop(cx, last_tick_at)
    }

    /// The STOP file: there, or nobody can say.
    fn tell_stop(cx: &mut Context<'_>, last_tick_at: Option<Timestamp>) -> Result<(), StoreError> {
        let stop = cx.world.config.stop();
        let words = || format!("{}: nothing will ring", printable(&stop.words().unwrap_or_default()));
        cx.fault("STOP file", matches!(stop, Stop::There(_)), words)?;
        let lasts = cx.faults.contains(&faults::stop_unknown_fault());
        cx.stop_unknown_at = last_tick_at.filter(|_| lasts);
        if lasts || stop.is_unknown() { cx.tell_unknown_stop(&stop) } else { Ok(()) }
    }

    /// A broken config, and one of which no copy can be kept. Each host has its own.
    fn tell_config(cx: &mut Context<'_>) -> Result<(), StoreError> {
        let (config, now) = (&cx.world.config, cx.world.clock.now());
        let tell = |fault: &str, words: Option<String>| {
            let key = format!("{fault} {}", host());
            let lasts = cx.faults.contains(&key);
            if words.is_some() || lasts {
                cx.fault(&key, words.is_some(), || words.clone().unwrap_or_default())
            } else {
                Ok(())
            }
        };
        let broken = config.broken.as_deref();
        let words = |words: String| format!("{words}; `savehub config check` shows what to write instead");
        tell(BROKEN_FAULT, broken.map(|broken| words(broken.words(now, Timestamp::to_rfc3339))))?;
        let why = config.not_kept.as_deref();
        tell(
            NOT_KEPT_FAULT,
            why.map(|why| {
                format!("no copy of the config can be kept, so nothing rings while it is broken: {}", printable(why))
            }),
        )?;
        cx.summary.broken_config = broken.map(|broken| ConfigSeen::of(broken, now));
        cx.summary.locked = config.provider.locked().map(printable);
        Ok(())
    }

    /// A pause is logged like a fault, so that nobody forgets it.
    fn tell_pauses(&self, cx: &Context<'_>) -> Result<(), StoreError> {
        let key =
            |pause: &PauseView| pause.person.as_ref().map_or_else(|| PAUSE.to_owned(), |who| format!("{PAUSE} {who}"));
        for pause in &self.begun.pauses {
            cx.fault(&key(pause), true, || format!("{}; nothing is sent for these meetings", pause.words()))?;
        }
        let lasts: Vec<String> = self.begun.pauses.iter().map(key).collect();
        let pauses = cx.faults.iter().filter(|fault| fault.split(' ').next() == Some(PAUSE));
        pauses.filter(|fault| !lasts.contains(fault)).try_for_each(|over| cx.fault(over, false, String::new))
    }

    /// Completes it.
    pub(super) fn end(self, cx: Context<'_>) -> Result<Summary, StoreError> {
        let summary = &cx.summary;
        if let Some(skew) = summary.skew_ms {
            cx.fault("clock", skew.abs() > skew::ALARM_MS, || {
                format!("this machine's clock is {:.1} s off the provider's; check NTP", -skew as f64 / 1000.0)
            })?;
        }
        let end = TickEnd {
            now: cx.time.machine_now(),
            exit: summary.exit().code(),
            skew_ms: summary.skew_ms,
            placed: summary.placed(),
            not_placed: summary.not_placed(),
        };
        cx.world.store.end_tick(self.begun.id, &end)?;
        Ok(cx.summary)
    }
}
