//! `[guards]` and `[engine]`: numbers within limits, and numbers that must fit each other.

use super::common::within;
use crate::config::effective::Value;
use crate::config::raw::{Read, Table, spoken};
use crate::config::screen::quoted;
use crate::config::show::{CheckReport, Problem};
use crate::config::{EngineConfig, GuardConfig, OnUnknown};
use std::time::Duration;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// `[guards]`, and what of it the ladder is compared with, as it was read.
pub(super) struct Guards {
    pub(super) config: GuardConfig,
    pub(super) critical_window: Read<Duration>,
    pub(super) max_calls: Read<u32>,
    pub(super) max_calls_per: Read<Duration>,
    pub(super) max_sms: Read<u32>,
}

impl Guards {
    pub(super) fn read(table: &Table<'_, '_>) -> Self {
        let default = GuardConfig::default();
        let critical_window = table.duration("critical_window", default.critical_window);
        let max_calls = table.count("max_calls", default.max_calls, 1..=100);
        let max_calls_per = table.duration("max_calls_per", default.max_calls_per);
        let max_sms = table.count("max_sms", default.max_sms, 1..=100);
        let cap = |key, default| table.count(key, default, 0..=1_000_000).value;
        let config = GuardConfig {
            critical_window: critical_window.value,
            max_calls: max_calls.value,
            max_calls_per: max_calls_per.value,
            max_sms: max_sms.value,
            daily_cap_per_person: cap("daily_cap_per_person", default.daily_cap_per_person),
            daily_cap: cap("daily_cap", default.daily_cap),
            number_gap: table.duration("number_gap", default.number_gap).value,
            allowed_prefixes: prefixes(table).unwrap_or(default.allowed_prefixes),
        };
        not_zero(table.report, "critical_window", &critical_window, "3m");
        not_zero(table.report, "max_calls_per", &max_calls_per, "10m");
        table.show(None);
        Self { config, critical_window, max_calls, max_calls_per, max_sms }
    }
}

fn prefixes(table: &Table<'_, '_>) -> Option<Vec<String>> {
    let list = table.texts("allowed_prefixes", "[\"+1\", \"+49\"]")?;
    let mut prefixes = Vec::new();
    for prefix in list.get_ref() {
        let digits = prefix.get_ref().strip_prefix('+').unwrap_or_default();
        if (1..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
            prefixes.push((*prefix.get_ref()).to_owned());
        } else {
            let title = format!("{} is not the beginning of a phone number", quoted(prefix.get_ref()));
            table.report.wrong(&prefix.span(), title, "write `+` and the country code, such as \"+1\"");
        }
    }
    Some(prefixes)
}

fn not_zero(report: &CheckReport<'_>, key: &str, read: &Read<Duration>, like: &str) {
    if read.value.is_zero() {
        let problem = Problem::new(format!("`{key}` is 0: nothing could ever ring")).maybe_at(read.at.as_ref());
        report.push(problem.label(format!("such as \"{like}\"")));
    }
}

/// `[engine]`.
pub(super) fn engine(table: &Table<'_, '_>) -> EngineConfig {
    let (report, default) = (table.report, EngineConfig::default());
    let ring_timeout = table.duration("ring_timeout", default.ring_timeout);
    let hard_timeout = table.duration("hard_timeout", default.hard_timeout);
    let mut request_timeout = table.duration("request_timeout", default.request_timeout);
    // Whoever shortens the hard limit alone means the request too.
    if request_timeout.at.is_none() {
        request_timeout.value = request_timeout.value.min(hard_timeout.value);
        table.note("request_timeout", || Value::duration(request_timeout.value));
    }
    let lease = table.duration("lease", default.lease);
    let tick_limit = table.duration("tick_limit", default.tick_limit);
    check_ring(report, &ring_timeout);
    let hard = &hard_timeout;
    within(report, "hard_timeout", hard, |v| v <= seconds(45), "one request may take 45s at most", "45s or less");
    let never = "no request could end in time";
    within(report, "hard_timeout", hard, |v| !v.is_zero(), never, "more than 0s");
    if hard.sound && !hard.value.is_zero() {
        within(report, "request_timeout", &request_timeout, |v| !v.is_zero(), never, "more than 0s");
        let limit = spoken(hard.value);
        let why = format!("`hard_timeout` ({limit}) would end the request first");
        within(report, "request_timeout", &request_timeout, |v| v <= hard.value, &why, &format!("{limit} or less"));
        let why = format!("it must be more than twice `hard_timeout` ({limit}), or two ticks could own one call");
        let twice = format!("more than {}", spoken(hard.value * 2));
        within(report, "lease", &lease, |v| v > hard.value * 2, &why, &twice);
        let why = format!("it must be more than `hard_timeout` ({limit}), or a tick could end before its request");
        within(report, "tick_limit", &tick_limit, |v| v > hard.value, &why, &format!("more than {limit}"));
    }
    let tick = tick_limit.clone();
    let config = EngineConfig {
        ring_timeout: ring_timeout.value,
        request_timeout: request_timeout.value,
        hard_timeout: hard_timeout.value,
        lease: lease.value,
        settle: table.duration("settle", default.settle).value,
        tick_limit: tick_limit.value,
        parallel: table.count("parallel", u32::try_from(default.parallel).unwrap_or(1), 1..=64).value as usize,
        grace: table.duration("grace", default.grace).value,
        retention: retention(table).or(default.retention),
        preflight: table.flag("preflight", default.preflight),
        on_unknown: on_unknown(table, default.on_unknown),
    };
    if hard.sound && request_timeout.sound && tick.sound && tick.value > hard.value {
        tick_holds(&config, &tick, report);
        lease_holds(&config, &lease, report);
    }
    config
}

/// A tick must have time to begin a request in.
fn tick_holds(config: &EngineConfig, tick: &Read<Duration>, report: &CheckReport<'_>) {
    let begin = (config.needed() / 2).min(seconds(5));
    let work = config.needed() + begin;
    let enough = (work * 10 / 9).min(work + seconds(5));
    let why = format!(
        "{} of it are for writing down, which leaves {}; a request of up to {}, and {} to begin it in, need {}",
        spoken(tick.value.saturating_sub(config.work_limit())),
        spoken(config.work_limit()),
        spoken(config.needed()),
        spoken(begin),
        spoken(work)
    );
    let write = format!("{} or more", spoken(seconds(enough.as_secs() + 1)));
    within(report, "tick_limit", tick, |_| config.work_limit() >= work, &why, &write);
}

/// While a request may still be under way, its attempt should belong to the tick that makes it.
fn lease_holds(config: &EngineConfig, lease: &Read<Duration>, report: &CheckReport<'_>) {
    let ends = config.ends_within();
    // Less than twice the hard limit was refused already.
    if lease.sound && lease.value > config.hard_timeout * 2 && lease.value < ends {
        let title = format!(
            "`lease` cannot be {}: a request may leave {} after its attempt was written, and take {}: {} in all",
            spoken(lease.value),
            spoken(config.send_within()),
            spoken(config.request_limit()),
            spoken(ends)
        );
        let label = format!("write {} or more", spoken(ends));
        report.push(Problem::new(title).maybe_at(lease.at.as_ref()).label(label).only_checked());
    }
}

/// "Ring again" needs room in the call limit beside the rungs.
pub(super) fn room_to_call_again(table: &Table<'_, '_>, max_calls: u32, rungs: usize) {
    let Some(typed) = table.text("on_unknown", "\"hold\" or \"call\"") else { return };
    if *typed.get_ref() == "call" && rungs >= max_calls as usize {
        table.report.wrong(&typed.span(), format!(
            "`on_unknown = \"call\"` can never ring again: max_calls = {max_calls} leaves no room beside {rungs} rungs"
        ), format!("write max_calls = {} under [guards], or \"hold\" here", rungs + 1));
    }
}

fn on_unknown(table: &Table<'_, '_>, default: OnUnknown) -> OnUnknown {
    table.note("on_unknown", || Value::text(default.as_str()));
    let Some(typed) = table.text("on_unknown", "\"hold\" or \"call\"") else { return default };
    typed.get_ref().parse().unwrap_or_else(|_| {
        let problem = Problem::new(format!("unknown choice {}", quoted(typed.get_ref()))).at(&typed.span());
        let label = "write \"hold\" (never risk a second ring) or \"call\" (ring again near the start)";
        table.report.push(problem.label(label));
        default
    })
}

fn check_ring(report: &CheckReport<'_>, ring: &Read<Duration>) {
    let range = "whole seconds from 1s to 10m";
    let sound = |v: Duration| v.subsec_nanos() == 0 && (1..=600).contains(&v.as_secs());
    within(report, "ring_timeout", ring, sound, "a phone rings for whole seconds, at most 600 of them", range);
}

/// How long the phone of one person rings.
pub(super) fn ring(table: &Table<'_, '_>) -> Option<Duration> {
    let read = Read::written(table.duration_if("ring_timeout", "25s")?);
    check_ring(table.report, &read);
    Some(read.value)
}

fn retention(table: &Table<'_, '_>) -> Option<Duration> {
    let read = Read::written(table.duration_if("retention", "180d")?);
    let why = "incidents of the last 24 hours are still counted";
    within(table.report, "retention", &read, |v| v >= seconds(24 * 3600), why, "1d or more");
    Some(read.value)
}
