//! Who watches that ticks run.

use super::Later;
use super::check::watcher;
use secrecy::SecretString;
use std::path::PathBuf;

/// `heartbeat_url` and `metrics_file`.
#[derive(Debug, Clone, Default)]
pub struct WatcherConfig {
    /// Where the address is that is pinged after each tick: a secret, since whoever has it may ping.
    pub heartbeat: Option<Later>,
    /// The file for Prometheus, rewritten after each tick.
    pub metrics_file: Option<PathBuf>,
}

impl WatcherConfig {
    /// The address to ping, if there is one; otherwise why none can be had, without any part of it. May run a program.
    pub fn heartbeat_url(&self) -> Option<Result<SecretString, String>> {
        self.heartbeat.as_ref().map(watcher::fetched)
    }
}
