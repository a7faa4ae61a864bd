//! What a command works with.

use super::print::Screen;
use crate::config::Config;
use crate::exit::Exit;
use crate::model::{IncidentId, Timestamp};
use crate::store::{Ended, Store};
use std::io::Write;
use std::path::Path;

/// How savehub was called: what a command has before it reads the config.
pub(super) struct Invocation<'a> {
    /// What `--config` or SAVEHUB_CONFIG names.
    pub(super) file: Option<&'a Path>,
    /// How to show things.
    pub(super) screen: Screen,
    /// Where results go.
    pub(super) out: &'a mut dyn Write,
}

/// What a command works with that needs the store.
pub struct Ctx<'a> {
    /// Wall time, read once.
    pub now: Timestamp,
    /// The checked config.
    pub config: &'a Config,
    /// The open store.
    pub store: &'a dyn Store,
    /// How to show things.
    pub screen: Screen,
    /// Where results go.
    pub out: &'a mut dyn Write,
    /// Hangs up the calls of an incident that has just ended. It may take a while, so the result is shown before.
    pub hang_up: &'a mut dyn FnMut(IncidentId),
}

impl Ctx<'_> {
    /// Shows a line, then hangs up what `ended` left to hang up, even when nobody could be shown the line.
    pub(super) fn finish(&mut self, line: &str, ended: Option<&Ended>) -> anyhow::Result<Exit> {
        self.show_and_hang_up(&format!("{line}\n"), ended)
    }

    /// The same with a whole text, and several incidents that have ended.
    pub(super) fn show_and_hang_up<'e>(
        &mut self,
        text: &str,
        ended: impl IntoIterator<Item = &'e Ended>,
    ) -> anyhow::Result<Exit> {
        let shown = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        for ended in ended.into_iter().filter(|ended| ended.hang_ups > 0) {
            (self.hang_up)(ended.incident);
        }
        shown?;
        Ok(Exit::Done)
    }
}
