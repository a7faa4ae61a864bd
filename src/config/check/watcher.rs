//! `heartbeat_url` and `metrics_file`: who watches that ticks run.

use super::channels::Setup;
use super::secrets::{self, Keys};
use super::{expand, web};
use crate::config::raw::{Table, problem_at};
use crate::config::screen::Hidden;
use crate::config::{Later, WatcherConfig};
use secrecy::{ExposeSecret as _, SecretString};

const URL: Keys = ["heartbeat_url", "heartbeat_url_env", "heartbeat_url_file", "heartbeat_url_command"];

pub(super) fn watcher(root: &Table<'_, '_>, setup: &Setup<'_, '_>) -> WatcherConfig {
    let metrics_file = root.text("metrics_file", "a path in quotes");
    let metrics_file = metrics_file.and_then(|text| expand("metrics_file", &text, setup.input, setup.report));
    let heartbeat = secrets::source(root, &URL, setup.report).map(|named| {
        if let Some(Err(why)) = named.literal().filter(|text| !text.is_empty()).map(usable) {
            let problem = problem_at(named.key, &named.at, "this address cannot be pinged");
            setup.report.push(problem.label(why).hide(Hidden::Secret));
        }
        setup.later(&named)
    });
    WatcherConfig { heartbeat, metrics_file }
}

/// The address itself; otherwise why there is none, without any part of it.
pub(in crate::config) fn fetched(url: &Later) -> Result<SecretString, String> {
    let from = |why: &str| format!("no address comes from `{}`: {why}", url.key());
    let text = url.fetch().map_err(|why| from(&why))?;
    usable(text.expose_secret()).map_err(from)?;
    Ok(text)
}

fn usable(text: &str) -> Result<(), &'static str> {
    let address = web::address(text)?;
    if text.contains('#') {
        return Err("an address to ping has no `#`");
    }
    if address.scheme == "http" && !address.is_loopback() {
        return Err("http:// shows the address to everybody on the way: write https://");
    }
    Ok(())
}
