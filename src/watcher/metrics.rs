//! What Prometheus reads: text for the textfile collector of node_exporter, which takes the files `*.prom` of a
//! directory. Names and units follow Prometheus's conventions. No label names a person, a number or a title, and no
//! label has more values than the program has words.

use super::Ended;
use crate::model::Timestamp;
use crate::node::{self, Wait};
use crate::store::{Count, Gauges};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What a metrics file is made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The tick that is over.
    pub ended: &'a Ended,
    /// When the file is written.
    pub now: Timestamp,
    /// The STOP file exists, or nobody can say whether it does.
    pub stopped: bool,
    /// What the store says; `None` when it cannot be used: then only the tick is told.
    pub gauges: Option<&'a Gauges>,
}

#[derive(Clone, Copy)]
enum Kind {
    Gauge,
    Counter,
}

/// The text as it grows.
struct Text(String);

impl Text {
    /// One metric with its samples, each of labels and a value. None: nothing is written.
    fn metric(&mut self, name: &str, kind: Kind, help: &str, samples: &[(String, f64)]) {
        if samples.is_empty() {
            return;
        }
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        // Writing to a text cannot fail.
        let _ = write!(self.0, "# HELP savehub_{name} {help}\n# TYPE savehub_{name} {kind}\n");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "savehub_{name}{labels} {value}");
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.metric(name, Kind::Gauge, help, &[(String::new(), value)]);
    }
}

/// `{state="open",kind="call"}`. Values are words of the program, without anything to escape; what else comes is made so.
fn labels(pairs: &[(&str, &str)]) -> String {
    let plain = |value: &str| value.replace(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)), "_");
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", plain(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// The whole file.
pub fn text(source: &Source<'_>) -> String {
    let (mut text, ended) = (Text(String::new()), source.ended);
    let version = labels(&[("version", env!("CARGO_PKG_VERSION"))]);
    text.metric("build_info", Kind::Gauge, "The version of savehub; always 1.", &[(version, 1.0)]);
    let started = seconds(ended.started_at.ms());
    text.gauge("tick_last_started_timestamp_seconds", "When the last tick started, in Unix time.", started);
    text.gauge("tick_duration_seconds", "How long the last tick took.", ended.took.as_secs_f64());
    let help = "Exit code of the last tick: 0 good, 1 something due was not done, 2 usage or config, 3 the store.";
    text.gauge("tick_exit_code", help, ended.exit.code().into());
    text.gauge("stopped", "1 while the STOP file exists or cannot be looked at.", f64::from(u8::from(source.stopped)));
    let broken = f64::from(u8::from(ended.broken_config.is_some()));
    text.gauge(
        "config_broken",
        "1 while the config is broken, and ticks go on with its last good copy or stop.",
        broken,
    );
    if let Some(gauges) = source.gauges {
        render(&mut text, gauges, source.now);
    }
    text.0
}

fn render(text: &mut Text, gauges: &Gauges, now: Timestamp) {
    if let Some(at) = gauges.last_completed_at {
        let help = "When the last tick that came to its end did so, in Unix time.";
        text.gauge("tick_last_completed_timestamp_seconds", help, seconds(at.ms()));
    }
    let state = |(state, n): &(crate::model::IncidentState, u32)| {
        (labels(&[("state", &state.as_str().to_lowercase())]), f64::from(*n))
    };
    let open: Vec<_> = gauges.incidents_open.iter().map(state).collect();
    text.metric("incidents_open", Kind::Gauge, "Incidents that have not ended.", &open);
    text.gauge("steps_pending", "Steps that wait for their time.", gauges.steps_pending.into());
    text.gauge("steps_due", "Pending steps whose time has come.", gauges.steps_due.into());
    let help = "Attempts nobody has an answer for yet.";
    text.gauge("attempts_unknown", help, gauges.attempts_unknown.into());
    text.gauge("calls_live", "Calls that are queued, ringing or answered.", gauges.calls_live.into());
    let faults: Vec<_> =
        fault_kinds(&gauges.faults).into_iter().map(|(kind, n)| (labels(&[("fault", &kind)]), n)).collect();
    text.metric("faults_active", Kind::Gauge, "Faults that last, by kind.", &faults);
    text.gauge("paused", "1 while everybody is paused.", f64::from(u8::from(gauges.everybody_paused)));
    text.gauge("people_paused", "People who are paused by name.", gauges.people_paused.into());
    if let Some(skew_ms) = gauges.skew_ms {
        let help = "The provider's clock minus this machine's, as last seen.";
        text.gauge("clock_skew_seconds", help, seconds(skew_ms));
    }
    if let Some(at) = gauges.made_at {
        let help = "Age of the database, by its oldest row.";
        text.gauge("database_age_seconds", help, seconds(now.since(at).max(0)));
    }
    text.gauge("calendars", "Calendars of the config.", gauges.calendars.into());
    text.gauge("calendars_failing", "Calendars that cannot be read at present.", gauges.calendars_failing.into());
    if let Some(at) = gauges.oldest_calendar_at {
        let help = "Age of the oldest calendar copy since it was last confirmed.";
        text.gauge("calendar_age_seconds", help, seconds(now.since(at).max(0)));
    }
    let help = "Attempts to reach somebody that came into this state.";
    text.metric("attempts_total", Kind::Counter, help, &tallies(&gauges.attempts, "kind", "state"));
    let help = "Steps that ended, by how and why.";
    text.metric("steps_ended_total", Kind::Counter, help, &tallies(&gauges.steps_ended, "state", "reason"));
}

fn tallies(tallies: &[Count], what: &str, how: &str) -> Vec<(String, f64)> {
    let lower = str::to_lowercase;
    tallies.iter().map(|t| (labels(&[(what, &lower(&t.what)), (how, &lower(&t.how))]), t.n as f64)).collect()
}

/// Faults by kind: the first word of those that name a calendar or a person behind it, and the whole of the others.
fn fault_kinds(keys: &[String]) -> BTreeMap<String, f64> {
    let mut kinds = BTreeMap::new();
    for key in keys {
        let first = key.split(' ').next().unwrap_or_default();
        let named = ["calendar", "presence_command", "pause", "broken_config", "config_copy", "stop_unknown"];
        let kind = if named.contains(&first) { first } else { key };
        *kinds.entry(kind.to_owned()).or_default() += 1.0;
    }
    kinds
}

/// Replaces the file in one step: whoever reads it sees the old text or the new one. Everybody may read it. A device or a
/// pipe is written into, and nobody is waited for.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    let words = |error: io::Error| format!("{} cannot be written: {}", path.display(), error.kind());
    let Some(place) = node::replaceable(path) else {
        return node::write_into(path, text, Wait::No).map_err(words);
    };
    let name = place.file_name().ok_or_else(|| format!("{} is no name of a file", path.display()))?;
    // In the same directory, since a rename does not leave a file system; not `.prom`, which would be read.
    let beside = place.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let done = write_new(&beside, text).and_then(|()| fs::rename(&beside, &place));
    if done.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&beside);
    }
    done.map_err(words)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // Left by a process that was killed and had the same id.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())?;
    // Whatever the umask is: the collector is another user.
    file.set_permissions(fs::Permissions::from_mode(0o644))
}
