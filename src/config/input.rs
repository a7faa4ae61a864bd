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
}

impl Input<'_> {
    /// The path of the file, fit to be shown.
    pub(super) fn name(&self) -> Option<String> {
        self.path.map(|path| crate::model::printable(&path.display().to_string()))
    }
}
