//! The STOP file, the brake that works without the database.

use super::path_text;
use std::path::PathBuf;

/// What a look for the STOP file showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stop {
    /// There is none.
    #[default]
    Absent,
    /// This file is there: nothing is sent.
    There(PathBuf),
    /// Nobody can say whether this file is there: nothing is sent until somebody can.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: String,
    },
}

impl Stop {
    /// Does it hold everything back?
    pub fn holds(&self) -> bool {
        *self != Self::Absent
    }

    /// Is it not known whether there is one?
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unreadable { .. })
    }

    /// `/etc/savehub/STOP exists`, `/etc/savehub/STOP cannot be looked at: Permission denied (os error 13)`; `None`:
    /// there is none.
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::There(path) => Some(format!("{} exists", path_text(path))),
            Self::Unreadable { path, error } => Some(format!("{} cannot be looked at: {error}", path_text(path))),
        }
    }
}
