//! A config that is broken while its last good copy stands in.

use super::error::ConfigError;
use crate::model::{Timestamp, printable};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// So many problems of a broken config are told in a line.
const TOLD: usize = 5;

/// The config is broken, and this one is its last good copy.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The config as it should be.
    pub file: PathBuf,
    /// What is wrong with it.
    pub error: Arc<ConfigError>,
    /// Since when ticks see that; `None`: no tick has seen it yet.
    pub since: Option<Timestamp>,
    /// How long ticks go on with the copy.
    pub lasts: Duration,
}

impl Broken {
    /// Until when ticks go on with the copy.
    pub fn until(&self, now: Timestamp) -> Timestamp {
        self.since.unwrap_or(now).plus(self.lasts)
    }

    /// Do ticks no longer go on with the copy?
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until(now)
    }

    /// What is wrong, since when, and what ticks do; `shown` writes a time.
    pub fn words(&self, now: Timestamp, shown: impl Fn(Timestamp) -> String) -> String {
        let file = printable(&self.file.display().to_string());
        let since = self.since.map_or_else(String::new, |since| format!(" since {}", shown(since)));
        let until = shown(self.until(now));
        let ticks = if self.is_over(now) {
            format!("ticks went on with its last good copy until {until}, and do nothing now")
        } else {
            format!("ticks go on with its last good copy until {until}")
        };
        let titles = self.error.titles();
        let more = titles.len().saturating_sub(TOLD);
        let told = titles.iter().take(TOLD).map(|title| printable(title)).collect::<Vec<_>>().join("; ");
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("the config {file} is broken{since}: {told}{more}; {ticks}")
    }
}
