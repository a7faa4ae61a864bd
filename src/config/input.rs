//! What a config is made of: the text of its file, and the environment.

use std::path::Path;

/// How the environment is read: the value of a variable, if it is set. It comes in as a function, so that no test ever
/// touches the environment of its process.
pub type Env<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The variable's value, when it is set and not empty.
pub(super) fn set(env: &Env<'_>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

/// What a config is made of.
pub(super) struct Input<'a> {
    /// The file's text; empty without a file.
    pub(super) text: &'a str,
    /// Where the file is; `None`: there is none.
    pub(super) path: Option<&'a Path>,
    /// Who may read it, where that is known.
    pub(super) mode: Option<u32>,
    pub(super) env: &'a Env<'a>,
    pub(super) secrets: Secrets,
}

/// Are the secrets of the provider of calls fetched?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Calls may be placed or ended: one that cannot be had is a problem.
    Needed,
    /// The same for a tick: without it, what needs no secret is done all the same, see [`TwilioAuth::Locked`].
    ///
    /// [`TwilioAuth::Locked`]: super::TwilioAuth::Locked
    MayBeLocked,
    /// No provider is asked: whether a secret is there, and what a provider lacks, does not matter.
    NotNeeded,
}

impl<'a> Input<'a> {
    /// A text and where it stands; nobody else can read that.
    pub(super) fn of(text: &'a str, path: Option<&'a Path>, env: &'a Env<'a>) -> Self {
        Self { text, path, mode: None, env, secrets: Secrets::Needed }
    }
}

impl Input<'_> {
    /// The path of the file, fit to be shown.
    pub(super) fn name(&self) -> Option<String> {
        self.path.map(|path| crate::model::printable(&path.display().to_string()))
    }
}
