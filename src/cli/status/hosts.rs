//! The hosts that tick on one database.

use super::ctx::StatusCtx;
use super::tick::tick_line;
use crate::model::printable;
use crate::store::HostView;

/// A line for each host, below that about the last tick of all.
pub(super) fn lines(hosts: &[HostView], ctx: &StatusCtx<'_>) -> Vec<String> {
    let names: Vec<String> = hosts.iter().map(|host| printable(&host.host)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let line =
        |(name, host): (&String, &HostView)| format!("  {name:<width$}  {}", tick_line(Some(&host.last_tick), ctx));
    names.iter().zip(hosts).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ctx, nothing, tick, zone_data};
    use super::super::{render, report};
    use super::*;
    use crate::cli::testing::seconds;
    use crate::store::Snapshot;

    fn two_hosts() -> Snapshot {
        let host = |name: &str, at: i64, exit: u8| HostView {
            host: name.into(),
            last_tick: tick(seconds(at), Some(seconds(at + 1)), Some(exit)),
        };
        Snapshot { hosts: vec![host("alpha", -13, 0), host("b\u{1b}eta", -7201, 3)], ..nothing() }
    }

    #[test]
    fn each_host_has_a_line_when_there_are_several() {
        let text = render(&two_hosts(), &ctx(&[]));
        let lines: Vec<&str> = text.lines().take(3).collect();
        assert_eq!(lines[0], "last tick 12 s ago, ok");
        assert_eq!(lines[1], "  alpha  last tick 12 s ago, ok");
        assert!(lines[2].ends_with("last tick 2 h ago: is cron running?") && !text.contains('\u{1b}'), "{text}");
        assert_eq!(render(&nothing(), &ctx(&[])).lines().nth(1), Some(""), "of one host the last tick says it all");
    }

    #[test]
    fn the_json_names_each_host_with_its_last_tick() {
        let value = serde_json::to_value(report(&two_hosts(), zone_data(), &ctx(&[]))).unwrap();
        assert_eq!((&value["hosts"][0]["host"], &value["hosts"][0]["age_s"]), (&"alpha".into(), &12.into()));
        assert_eq!((&value["hosts"][1]["exit"], value["hosts"].as_array().unwrap().len()), (&3.into(), 2));
    }
}
