//! Who watches that ticks run.

use super::Later;
use super::check::web;
use crate::model::{Route, Trust};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;

/// `heartbeat_url` and `metrics_file`.
#[derive(Debug, Clone)]
pub struct WatcherConfig {
    /// Where the address is that is pinged after each tick: a secret, since whoever has it may ping.
    pub heartbeat: Option<Later>,
    /// Whose certificates are believed, and through which proxy it is pinged.
    pub route: Route,
    /// The file for Prometheus, rewritten after each tick.
    pub metrics_file: Option<PathBuf>,
}

impl Default for WatcherConfig {
    fn default() -> Self {
        Self { heartbeat: None, route: Route::direct(Trust::built_in(Self::CA_FILE)), metrics_file: None }
    }
}

impl WatcherConfig {
    /// The key of the file of authorities, in messages.
    pub(super) const CA_FILE: &str = "`heartbeat_ca_file`";

    /// The address to ping, if there is one; otherwise why none can be had, without any part of it. May run a program.
    pub fn heartbeat_url(&self) -> Option<Result<SecretString, String>> {
        self.heartbeat.as_ref().map(fetched)
    }
}

/// The address itself; otherwise why there is none, without any part of it.
fn fetched(url: &Later) -> Result<SecretString, String> {
    let from = |why: &str| format!("no address comes from `{}`: {why}", url.key());
    let text = url.fetch().map_err(|why| from(&why))?;
    pinged(text.expose_secret()).map_err(from)?;
    Ok(text)
}

/// Why an address cannot be pinged, without any part of it.
pub(super) fn pinged(text: &str) -> Result<(), &'static str> {
    let address = web::address(text)?;
    if text.contains('#') {
        return Err("an address to ping has no `#`");
    }
    if address.scheme == "http" && !address.is_loopback() {
        return Err("http:// shows the address to everybody on the way: write https://");
    }
    Ok(())
}
