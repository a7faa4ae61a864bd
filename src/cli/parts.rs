//! What the command line needs from the rest of savehub.

use super::args::{CallTestArgs, TickArgs};
use super::print::Screen;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::exit::Exit;
use crate::model::{IncidentId, Timestamp};
use crate::store::{self, Store, StoreError};
use std::io::Write;
use std::path::Path;

/// The rest of savehub, as the command line sees it.
pub trait Parts {
    /// Wall time.
    fn now(&self) -> Timestamp;

    /// Finds, reads and checks the config; `file` is what `--config` or SAVEHUB_CONFIG names.
    fn config(&self, file: Option<&Path>) -> anyhow::Result<Config>;

    /// Opens the store; `make` allows it to make a new database.
    fn store(&self, config: &Config, make: bool) -> store::Result<Box<dyn Store>>;

    /// Ends the calls of one incident that are to be hung up. What fails is logged and left to the next tick.
    fn hang_up(&self, config: &Config, store: &dyn Store, incident: IncidentId);

    /// `savehub tick`.
    fn tick(&self, args: &TickArgs, file: Option<&Path>, screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit>;

    /// `savehub call-test`.
    fn call_test(
        &self,
        args: &CallTestArgs,
        file: Option<&Path>,
        screen: Screen,
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit>;

    /// `savehub demo`.
    fn demo(&self, screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit>;
}

/// A part this build does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this build has no {0} yet; nothing was done")]
pub struct NotBuilt(pub &'static str);

/// savehub as it is built.
#[derive(Debug, Default, Clone, Copy)]
pub struct Savehub;

impl Parts for Savehub {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn config(&self, _: Option<&Path>) -> anyhow::Result<Config> {
        Err(NotBuilt("config loader").into())
    }

    fn store(&self, _: &Config, _: bool) -> store::Result<Box<dyn Store>> {
        Err(StoreError::Unusable(NotBuilt("store").to_string()))
    }

    fn hang_up(&self, _: &Config, _: &dyn Store, incident: IncidentId) {
        log::warn!("the calls of {incident} are left to the next tick to hang up");
    }

    fn tick(&self, _: &TickArgs, _: Option<&Path>, _: Screen, _: &mut dyn Write) -> anyhow::Result<Exit> {
        Err(NotBuilt("`tick`").into())
    }

    fn call_test(&self, _: &CallTestArgs, _: Option<&Path>, _: Screen, _: &mut dyn Write) -> anyhow::Result<Exit> {
        Err(NotBuilt("`call-test`").into())
    }

    fn demo(&self, _: Screen, _: &mut dyn Write) -> anyhow::Result<Exit> {
        Err(NotBuilt("`demo`").into())
    }
}
