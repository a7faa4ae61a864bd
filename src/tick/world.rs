//! What a tick is given.

use crate::clock::Clock;
use crate::config::Config;
use crate::feed::Feeds;
use crate::owner::Owner;
use crate::provider::Providers;
use crate::store::Store;
use std::sync::Arc;

/// Everything a tick works with.
#[derive(Clone)]
pub struct World {
    /// The checked config.
    pub config: Arc<Config>,
    /// Incidents, steps, attempts.
    pub store: Arc<dyn Store>,
    /// Who places calls.
    pub providers: Arc<dyn Providers>,
    /// Where calendars come from.
    pub feeds: Arc<dyn Feeds>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// This process.
    pub me: Owner,
}
