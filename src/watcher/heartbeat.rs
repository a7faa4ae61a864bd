//! The heartbeat: one ping after each tick, by the conventions of Healthchecks.io (docs/http_api, docs/signaling_failures):
//! a GET of the address after a good one, a POST to the address with `/fail` behind its path, with a text, after a bad
//! one. A service that hears nothing for its period knows that ticks have stopped.

use super::Ended;
use crate::config::WatcherConfig;
use crate::exit::Exit;
use crate::http::{self, Address};
use crate::model::StepState;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::mpsc::channel;
use std::time::Duration;

/// A ping takes no longer, everything included: the program that prints the address, name (glibc asks the second name
/// server after 5 s), connection, answer.
pub const LIMIT: Duration = Duration::from_secs(8);

/// Pings, or says why not, without any part of the address. Returns within the time, whatever hangs: what still runs
/// then is left behind and ends with the process.
pub fn ping(config: &WatcherConfig, ended: &Ended, within: Duration) -> Result<(), String> {
    let (config, text) = (config.clone(), (ended.exit != Exit::Done).then(|| text(ended)));
    let (done, heard) = channel();
    let work = move || {
        // Nobody waits any more when this fails.
        let _ = done.send(send(&config, text.as_deref(), within));
    };
    let started = std::thread::Builder::new().name("heartbeat".into()).spawn(work);
    started.map_err(|error| format!("no thread could be started: {}", error.kind()))?;
    heard.recv_timeout(within).unwrap_or_else(|_| Err(format!("no answer within {:.1} s", within.as_secs_f64())))
}

fn send(config: &WatcherConfig, fail: Option<&str>, within: Duration) -> Result<(), String> {
    let Some(url) = config.heartbeat_url() else { return Ok(()) };
    let url = url?;
    let address = match fail {
        None => Address::parse(url.expose_secret()),
        Some(_) => Address::parse(&failing(url.expose_secret())),
    };
    let address = address.ok_or("the address cannot be read")?;
    match http::ping(&address, fail, &config.route, within)? {
        200..=299 => Ok(()),
        status @ 300..=399 => Err(format!("HTTP {status}: a redirect, not followed; write the address it leads to")),
        status @ (404 | 410) => Err(format!("HTTP {status}: nobody is there; is the address right?")),
        status => Err(format!("HTTP {status}")),
    }
}

/// The address with `/fail` behind its path, in front of its query.
fn failing(url: &str) -> String {
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    format!("{}/fail{query}", path.trim_end_matches('/'))
}

/// What was wrong, for people who are woken by it: states, reasons and counts, nobody's name, number or title.
fn text(ended: &Ended) -> String {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (state, reason) in &ended.trouble {
        let state = if *state == StepState::Failed { "failed" } else { "skipped" };
        *counts.entry(format!("{state}: {reason}")).or_default() += 1;
    }
    let mut text = format!("savehub tick: exit {}, {}", ended.exit.code(), ended.exit.meaning());
    if let Some(broken) = &ended.broken_config {
        let _ = write!(text, "\n{broken}");
    }
    for (what, count) in counts {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n{count} x {what}");
    }
    text.push_str("\nsavehub status shows more");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, Timestamp};

    #[test]
    fn fail_stands_behind_the_path_and_before_the_query() {
        for (url, expected) in [
            ("https://hc.example/0a-1b", "https://hc.example/0a-1b/fail"),
            ("https://hc.example/0a-1b/", "https://hc.example/0a-1b/fail"),
            ("https://hc.example/key/slug?create=1", "https://hc.example/key/slug/fail?create=1"),
        ] {
            assert_eq!(failing(url), expected);
        }
    }

    #[test]
    fn a_bad_tick_is_told_with_states_reasons_and_counts() {
        let (failed, skipped) = (StepState::Failed, StepState::Skipped);
        let trouble = vec![(failed, Reason::Unknown), (skipped, Reason::NumberBusy), (failed, Reason::Unknown)];
        let (started_at, took) = (Timestamp::from_ms(0), Duration::ZERO);
        let told = text(&Ended { started_at, took, exit: Exit::NotDone, trouble, broken_config: None });
        let meaning = Exit::NotDone.meaning();
        assert_eq!(
            told,
            format!(
                "savehub tick: exit 1, {meaning}\n2 x failed: unknown\n1 x skipped: number_busy\nsavehub status shows more"
            )
        );
    }
}
