//! `[calendar]`: how calendars are fetched.

use super::common::{route, within};
use crate::config::effective::Value;
use crate::config::raw::{Read, Table, spoken};
use crate::config::show::{CheckReport, Problem};
use crate::config::{CalendarConfig, CalendarPlace, CalendarSource, Person};
use crate::model::Authorities;
use std::ops::RangeInclusive;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// How many calendars may be fetched at once.
const PARALLEL: RangeInclusive<u32> = 1..=32;

pub(super) fn feeds(table: &Table<'_, '_>, usual: &Authorities) -> CalendarConfig {
    let report = table.report;
    let standard = CalendarConfig::default();
    let refresh = table.duration("refresh", standard.refresh);
    refreshed(&refresh, report);
    let timeout = table.duration("timeout", standard.timeout);
    let fits = |v: Duration| (Duration::from_secs(1)..=MINUTE).contains(&v);
    within(report, "timeout", &timeout, fits, "a calendar that is slower must not hold up a tick", "1s to 1m");
    CalendarConfig {
        refresh: refresh.value,
        timeout: timeout.value,
        max_bytes: max_size(table, standard.max_bytes),
        parallel: standard.parallel,
        allow_http: table.flag("allow_http", standard.allow_http),
        allow_private: table.flag("allow_private", standard.allow_private),
        user_agent: user_agent(table),
        route: route(table, ("ca_file", "proxy"), CalendarConfig::CA_FILE, usual),
    }
}

/// Calendars fetched at once. Unless it is said, it is enough for all of them to be looked at within their intervals when
/// each takes a second and ticks are at it half of the time; at least the default, at most what may be written.
pub(super) fn parallel(table: &Table<'_, '_>, config: &CalendarConfig, people: &[Person]) -> usize {
    let least = u32::try_from(config.parallel).unwrap_or(*PARALLEL.start());
    let asked = |source: &&CalendarSource| !matches!(source.place, CalendarPlace::File(_));
    let calendars = people.iter().flat_map(|person| &person.calendars).filter(asked);
    let looks_in_a_million_s = |c: &CalendarSource| 1_000_000_000 / c.refresh(config).as_millis().max(1);
    let looks: u128 = calendars.map(looks_in_a_million_s).sum();
    let enough = u32::try_from((2 * looks).div_ceil(1_000_000)).unwrap_or(u32::MAX);
    table.count("parallel", enough.clamp(least, *PARALLEL.end()), PARALLEL).value as usize
}

/// Reports an interval that is too short to be polite.
pub(super) fn refreshed(read: &Read<Duration>, report: &CheckReport<'_>) {
    let why = "servers refuse to be asked more often than once a minute";
    within(report, "refresh", read, |v| v >= MINUTE, why, &format!("{} or more", spoken(MINUTE)));
}

fn max_size(table: &Table<'_, '_>, default: usize) -> usize {
    let read = table.size("max_size", default, "20 MB");
    if read.sound && !(1000..=200_000_000).contains(&read.value) {
        let problem = Problem::new(format!("`max_size` cannot be {} bytes", read.value)).maybe_at(read.at.as_ref());
        table.report.push(problem.label("write 1 kB to 200 MB"));
    }
    read.value
}

/// It becomes a header: visible ASCII and spaces.
fn user_agent(table: &Table<'_, '_>) -> Option<String> {
    let text = table.text("user_agent", "\"Mozilla/5.0\"")?;
    let agent = text.get_ref().trim();
    let sound = (1..=200).contains(&agent.len()) && agent.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if !sound {
        let label = "write 1 to 200 characters of ASCII, such as \"Mozilla/5.0\"";
        table.report.wrong(&text.span(), "`user_agent` cannot be sent", label);
    }
    table.note("user_agent", || Value::text(agent));
    sound.then(|| agent.to_owned())
}
