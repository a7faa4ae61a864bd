//! `heartbeat_url` and `metrics_file`: who watches that ticks run.

use super::common::{later, route};
use super::secrets::{self, Keys};
use crate::config::WatcherConfig;
use crate::config::raw::{Table, problem_at};
use crate::config::screen::Hidden;
use crate::config::watcher::pinged;
use crate::model::Authorities;
use toml::Spanned;

const URL: Keys = ["heartbeat_url", "heartbeat_url_env", "heartbeat_url_file", "heartbeat_url_command"];

pub(super) fn watcher(root: &Table<'_, '_>, usual: &Authorities) -> WatcherConfig {
    let metrics_file = root.path("metrics_file").map(Spanned::into_inner);
    let heartbeat = secrets::source(root, &URL).map(|named| {
        if let Some(Err(why)) = named.literal().filter(|text| !text.is_empty()).map(pinged) {
            let problem = problem_at(named.key, &named.at, "this address cannot be pinged");
            root.report.push(problem.label(why).hide(Hidden::Secret));
        }
        later(&named, root.report)
    });
    let route = route(root, ("heartbeat_ca_file", "heartbeat_proxy"), WatcherConfig::CA_FILE, usual);
    WatcherConfig { heartbeat, route, metrics_file }
}
