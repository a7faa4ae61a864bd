//! What the rows of the last ticks say about whoever starts them.

use super::Check;
use crate::exit::Exit;
use crate::model::{Timestamp, printable};
use crate::store::TickSeen;
use crate::when;
use crate::zone::Zone;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const NAME: &str = "ticks";

/// Ticks that ended within this time are looked at, ...
pub const SINCE: Duration = Duration::from_secs(24 * 3600);

/// ... and at most this many of them: a day of eight hosts.
pub const LIMIT: usize = 24_000;

/// The rhythm is that of this many last ticks ...
const RHYTHM_OF: usize = 120;

/// ... and nothing is said of it before there are so many.
const RHYTHM_MIN: usize = 6;

/// Two ticks that start within this time are one beat of two schedulers (milliseconds). cron starts all its lines within a
/// second or two.
const TOGETHER_MS: i64 = 5_000;

/// Beats further apart than this are less than one every 30 s (milliseconds), ...
const SLOW_MS: i64 = 45_000;

/// ... and closer than this more than one.
const FAST_MS: i64 = 20_000;

/// A beat that is further than this from the usual one is out of step (milliseconds).
const OUT_OF_STEP_MS: i64 = 10_000;

/// A last tick older than this is too old (milliseconds).
const OLD_MS: i64 = 120_000;

/// A clock may be set back by so little without a word (milliseconds).
const FUTURE_MS: i64 = 5_000;

const TWO_SCHEDULERS: &str = "Look for `savehub tick` in the crontabs of all users, in /etc/cron.d and among the systemd \
                              timers, and keep one; nothing rings twice meanwhile";

const STEADY: &str = "systemd: OnCalendar=*-*-* *:*:00/30 with AccuracySec=1s; cron: a second line with `sleep 30;`";

/// What the rows do not say.
#[derive(Debug, Clone, Copy)]
pub struct TickContext<'a> {
    /// Wall time.
    pub now: Timestamp,
    /// `engine.tick_limit`.
    pub limit: Duration,
    /// For times of day.
    pub zone: &'a Zone,
    /// May several hosts tick on this database? Each has its own scheduler then.
    pub shared: bool,
}

/// `ticks` of the last [`SINCE`], newest first.
pub fn judge(ticks: &[TickSeen], at: TickContext<'_>) -> Vec<Check> {
    let Some(newest) = ticks.first() else {
        let remedy = "Let cron or a systemd timer run `savehub tick` every 30 s";
        return vec![Check::warning(NAME, "none in the last 24 h", remedy)];
    };
    let mut found: Vec<Check> = age(newest, at).into_iter().collect();
    if found.is_empty() {
        if at.shared {
            found.extend(hosts(ticks, at));
        } else {
            found.extend(rhythm(ticks, at));
        }
        found.extend(last_exit(ticks));
    }
    found.extend(killed(ticks, at));
    found.extend(slow(ticks, at));
    if found.is_empty() {
        found.push(Check::ok(NAME, fine(ticks, at)));
    }
    found
}

fn age(newest: &TickSeen, at: TickContext<'_>) -> Option<Check> {
    let age = at.now.since(newest.started_at);
    let span = when::span(age.unsigned_abs());
    if age < -FUTURE_MS {
        let detail = format!("the last one is {span} in the future: the clock was turned back");
        return Some(Check::problem(NAME, detail, "Keep NTP running; times of calls follow this clock"));
    }
    let remedy = "Is cron, or the systemd timer, running? `savehub tick` must run every 30 s";
    (age > OLD_MS).then(|| Check::problem(NAME, format!("the last one was {span} ago"), remedy))
}

/// Starts, oldest first; those of two schedulers at once are one beat.
struct Beats {
    starts: Vec<Timestamp>,
    /// Beats that were two ticks of different processes.
    doubled: usize,
    /// Names of the machines in them.
    hosts: Vec<String>,
}

fn beats(ticks: &[TickSeen]) -> Beats {
    let mut last: Vec<&TickSeen> = ticks.iter().take(RHYTHM_OF).collect();
    last.sort_by_key(|tick| tick.started_at);
    let mut beats = Beats { starts: Vec::new(), doubled: 0, hosts: Vec::new() };
    let mut before: Option<&TickSeen> = None;
    for tick in last {
        let together = before
            .filter(|before| tick.started_at.since(before.started_at) < TOGETHER_MS && tick.owner != before.owner);
        match together {
            Some(before) => {
                beats.doubled += 1;
                beats.hosts.extend([before, tick].into_iter().filter_map(|tick| tick.host.clone()));
            }
            None => beats.starts.push(tick.started_at),
        }
        before = Some(tick);
    }
    beats.hosts.sort();
    beats.hosts.dedup();
    beats
}

/// What each host does by itself. One that was quiet for long is not missed while others tick, and should be known.
fn hosts(ticks: &[TickSeen], at: TickContext<'_>) -> Vec<Check> {
    // By boot as well: two machines may have the same name.
    let mut by_host: BTreeMap<(String, &str), Vec<TickSeen>> = BTreeMap::new();
    for tick in ticks {
        let name = printable(tick.host.as_deref().unwrap_or_else(|| tick.owner.boot_id()));
        by_host.entry((name, tick.owner.boot_id())).or_default().push(tick.clone());
    }
    let quiet_for = |ticks: &[TickSeen]| ticks.first().map_or(0, |newest| at.now.since(newest.started_at));
    let ticking: BTreeSet<String> =
        by_host.iter().filter(|(_, ticks)| quiet_for(ticks) <= OLD_MS).map(|((name, _), _)| name.clone()).collect();
    let mut found = Vec::new();
    for ((name, _), ticks) in by_host {
        let quiet_for = quiet_for(&ticks);
        if quiet_for <= OLD_MS {
            let of_host = |check: Check| Check { detail: format!("on {name}: {}", check.detail), ..check };
            found.extend(rhythm(&ticks, at).map(of_host));
        } else if !ticking.contains(&name) {
            let detail =
                format!("on {name} the last one was {} ago; others go on", when::span(quiet_for.unsigned_abs()));
            let remedy = "Is its cron or systemd timer running? If that host is gone for good, nothing is to be done";
            found.push(Check::warning(NAME, detail, remedy));
        }
    }
    found
}

fn rhythm(ticks: &[TickSeen], at: TickContext<'_>) -> Option<Check> {
    if ticks.len() < RHYTHM_MIN {
        return None;
    }
    let beats = beats(ticks);
    if beats.doubled * 2 >= beats.starts.len() {
        let hosts: Vec<String> = beats.hosts.iter().map(|host| printable(host)).collect();
        let on = if hosts.len() == 2 { format!(", on {}", hosts.join(" and ")) } else { String::new() };
        let detail = format!("they come in pairs{on}: two schedulers run them");
        return Some(Check::warning(NAME, detail, TWO_SCHEDULERS));
    }
    let mut gaps: Vec<i64> = beats.starts.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    gaps.sort_unstable();
    let (usual, longest) = (*gaps.get(gaps.len() / 2)?, *gaps.last()?);
    let every = seconds(usual);
    if usual < FAST_MS {
        return Some(Check::warning(NAME, format!("one every {every} s: two schedulers run them"), TWO_SCHEDULERS));
    }
    if usual > SLOW_MS {
        let detail = format!("one every {every} s, not every 30 s: a call can be that late");
        return Some(Check::warning(NAME, detail, STEADY));
    }
    let hole = beats.starts.windows(2).rev().find(|pair| pair[1].since(pair[0]) > 2 * usual + OUT_OF_STEP_MS);
    if let Some(hole) = hole {
        let gap = when::span(hole[1].since(hole[0]).unsigned_abs());
        let detail = format!("none for {gap} from {}", when::short(hole[0], at.now, at.zone));
        let remedy = "What falls due in such a gap is late or lost: was the machine asleep, off or overloaded?";
        return Some(Check::warning(NAME, detail, remedy));
    }
    let out_of_step = gaps.iter().filter(|gap| (*gap - usual).abs() > OUT_OF_STEP_MS).count();
    (out_of_step * 4 >= gaps.len()).then(|| {
        let shortest = gaps.first().copied().unwrap_or_default();
        let detail = format!("irregular: between {} and {} s apart", seconds(shortest), seconds(longest));
        Check::warning(NAME, detail, STEADY)
    })
}

/// Rounded.
fn seconds(ms: i64) -> i64 {
    (ms + 500) / 1000
}

fn last_exit(ticks: &[TickSeen]) -> Option<Check> {
    let code = ticks.iter().find(|tick| tick.ended_at.is_some())?.exit.filter(|code| *code != 0)?;
    let meaning = Exit::of_code(code).map_or("unknown", Exit::short_meaning);
    let detail = format!("the last one ended with exit code {code}: {meaning}");
    Some(Check::warning(NAME, detail, "`savehub status` shows what could not be done"))
}

/// Ticks without an end that can no longer run: the watchdog ends each at its limit.
fn killed(ticks: &[TickSeen], at: TickContext<'_>) -> Option<Check> {
    let over = at.limit.saturating_add(Duration::from_secs(10));
    let lost = |tick: &&TickSeen| tick.ended_at.is_none() && tick.started_at.plus(over) < at.now;
    let n = ticks.iter().filter(lost).count();
    let detail = format!("{n} of the last {} never ended: they were killed", ticks.len());
    let remedy = "Look for a time limit of the scheduler, too little memory, or restarts of the machine; the next tick \
                  goes on where they were";
    (n > 0).then(|| Check::warning(NAME, detail, remedy))
}

fn slow(ticks: &[TickSeen], at: TickContext<'_>) -> Option<Check> {
    let near = i64::try_from(at.limit.as_millis()).unwrap_or(i64::MAX) / 5 * 4;
    let took = |tick: &TickSeen| Some(tick.ended_at?.since(tick.started_at));
    let n = ticks.iter().filter_map(took).filter(|took| *took >= near).count();
    let detail =
        format!("{n} of the last {} took more than {} s of at most {} s", ticks.len(), near / 1000, at.limit.as_secs());
    let remedy = "See what they wait for with `savehub tick -v`; `engine.tick_limit` can be longer";
    (n > 0).then(|| Check::warning(NAME, detail, remedy))
}

fn fine(ticks: &[TickSeen], at: TickContext<'_>) -> String {
    let ago = ticks.first().map_or(0, |newest| at.now.since(newest.started_at).max(0));
    let n = ticks.len();
    let counted = if n == 1 { "1 in the last 24 h".into() } else { format!("{n} in the last 24 h") };
    format!("the last one {} ago, {counted}", when::span(ago.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::model::TickId;
    use crate::owner::Owner;

    /// 2026-11-22 09:00 in Berlin, 08:00 UTC.
    const NOW: Timestamp = Timestamp::from_ms(1_795_334_400_000);

    const fn at_second(from_now: i64) -> Timestamp {
        Timestamp::from_ms(NOW.ms() + from_now * 1000)
    }

    /// Ticks that started at these seconds from now, oldest first; each took a second and was a process of its own.
    fn ticks(starts: impl IntoIterator<Item = i64>) -> Vec<TickSeen> {
        let mut ticks: Vec<TickSeen> = (1..).zip(starts).map(|(pid, start)| tick(pid, start)).collect();
        ticks.reverse();
        ticks
    }

    fn tick(pid: u32, start: i64) -> TickSeen {
        TickSeen {
            id: TickId(i64::from(pid)),
            host: Some("one".into()),
            owner: Owner::new("boot", pid, 1),
            boottime_ms: 0,
            started_at: at_second(start),
            ended_at: Some(at_second(start + 1)),
            exit: Some(0),
            skew_ms: None,
            placed: Some(0),
            not_placed: Some(0),
            turned: false,
        }
    }

    /// So many of them every so many seconds, the last one 10 s ago.
    fn every(seconds: i64, n: i64) -> Vec<i64> {
        (0..n).map(|i| -10 - (n - 1 - i) * seconds).collect()
    }

    #[track_caller]
    fn says(ticks: &[TickSeen], status: Status, words: &str) {
        let zone = Zone::utc();
        let found = judge(ticks, TickContext { now: NOW, limit: Duration::from_secs(60), zone: &zone, shared: false });
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].status == status && found[0].detail.contains(words), "{found:?}");
    }

    #[test]
    fn ticks_every_30_s_that_end_are_fine() {
        says(&ticks(every(30, 100)), Status::Ok, "the last one 10 s ago, 100 in the last 24 h");
        says(&ticks(every(30, 2)), Status::Ok, "10 s ago");
    }

    #[test]
    fn no_tick_at_all_is_told_before_there_is_a_scheduler() {
        says(&[], Status::Warning, "none in the last 24 h");
    }

    #[test]
    fn a_last_tick_long_ago_asks_whether_cron_runs() {
        let old: Vec<i64> = every(30, 100).iter().map(|start| start - 3 * 3600).collect();
        says(&ticks(old), Status::Problem, "the last one was 3 h ago");
        says(&ticks([-119]), Status::Ok, "1 min ago");
    }

    #[test]
    fn a_last_tick_in_the_future_means_that_the_clock_was_turned_back() {
        says(&ticks([3600]), Status::Problem, "1 h in the future");
        says(&ticks([2]), Status::Ok, "0 s ago");
    }

    #[test]
    fn a_timer_that_runs_every_minute_is_told_with_its_remedy() {
        let found = &ticks(every(60, 20));
        says(found, Status::Warning, "one every 60 s, not every 30 s");
        let zone = Zone::utc();
        let judged = judge(found, TickContext { now: NOW, limit: Duration::from_secs(60), zone: &zone, shared: false });
        assert!(judged[0].remedy.as_ref().unwrap().contains("AccuracySec=1s"));
    }

    #[test]
    fn two_schedulers_show_as_pairs_of_processes() {
        let pairs = every(30, 20).into_iter().flat_map(|start| [start, start + 1]);
        says(&ticks(pairs), Status::Warning, "they come in pairs: two schedulers");
        let mut hosts = ticks(every(30, 20).into_iter().flat_map(|start| [start, start]));
        hosts.iter_mut().step_by(2).for_each(|tick| tick.host = Some("two".into()));
        says(&hosts, Status::Warning, "in pairs, on one and two: two schedulers");
    }

    /// The same for a store that hosts share.
    fn of_hosts(ticks: &[TickSeen]) -> Vec<(Status, String)> {
        let zone = Zone::utc();
        let at = TickContext { now: NOW, limit: Duration::from_secs(60), zone: &zone, shared: true };
        judge(ticks, at).into_iter().map(|check| (check.status, check.detail)).collect()
    }

    #[test]
    fn hosts_that_share_a_server_have_a_scheduler_each() {
        let mut hosts = ticks(every(30, 20).into_iter().flat_map(|start| [start, start + 1]));
        for tick in hosts.iter_mut().step_by(2) {
            (tick.host, tick.owner) = (Some("two".into()), Owner::new("other", tick.owner.pid(), 1));
        }
        assert_eq!(of_hosts(&hosts)[0].0, Status::Ok, "{:?}", of_hosts(&hosts));
        let pairs = every(30, 20).into_iter().flat_map(|start| [start, start + 1]);
        assert!(
            of_hosts(&ticks(pairs))[0].1.starts_with("on one: they come in pairs"),
            "two on one host are one too many"
        );
    }

    #[test]
    fn a_host_that_stopped_is_named_while_others_go_on() {
        let mut hosts = ticks(every(30, 20));
        let gone: Vec<TickSeen> = (0..9).map(|n| tick(90 + n, -7200 - i64::from(n) * 30)).collect();
        hosts.extend(gone.into_iter().map(|tick| TickSeen { host: Some("two".into()), ..tick }));
        let found = of_hosts(&hosts);
        assert!(found.len() == 1 && found[0].1.contains("on two the last one was 2 h ago"), "{found:?}");
    }

    #[test]
    fn two_schedulers_out_of_step_show_as_too_many_ticks() {
        says(&ticks(every(15, 40)), Status::Warning, "one every 15 s: two schedulers");
    }

    #[test]
    fn one_tick_typed_by_hand_beside_the_scheduler_is_none() {
        let mut starts = every(30, 40);
        starts.push(-9);
        says(&ticks(starts), Status::Ok, "41 in the last 24 h");
    }

    #[test]
    fn a_gap_is_told_with_its_time() {
        let mut starts: Vec<i64> = every(30, 20).iter().map(|start| start - 600).collect();
        starts.extend(every(30, 5));
        says(&ticks(starts), Status::Warning, "none for 8 min from 07:49");
    }

    #[test]
    fn a_timer_without_accuracy_is_irregular() {
        let starts = (0..40).map(|i| i * 30 - 1180 - if i % 2 == 0 { 14 } else { 0 });
        says(&ticks(starts), Status::Warning, "irregular: between 16 and 44 s apart");
    }

    #[test]
    fn a_tick_without_an_end_was_killed_unless_it_may_still_run() {
        let mut killed = ticks(every(30, 40));
        killed[10].ended_at = None;
        says(&killed, Status::Warning, "1 of the last 40 never ended");
        let mut running = ticks(every(30, 40));
        (running[0].ended_at, running[1].ended_at) = (None, None);
        says(&running, Status::Ok, "40 in the last 24 h");
    }

    #[test]
    fn a_tick_near_its_limit_is_told() {
        let mut slow = ticks(every(30, 40));
        slow[3].ended_at = Some(slow[3].started_at.plus(Duration::from_secs(49)));
        says(&slow, Status::Warning, "1 of the last 40 took more than 48 s of at most 60 s");
    }

    #[test]
    fn a_last_tick_that_failed_says_how() {
        let mut failed = ticks(every(30, 40));
        failed[0].exit = Some(1);
        says(&failed, Status::Warning, "exit code 1: something due could not be done");
    }
}
