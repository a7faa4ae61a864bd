//! Pauses.

use crate::model::Timestamp;

/// A pause that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPause {
    /// Id of the person; `None`: everybody.
    pub person: Option<String>,
    /// When it ends by itself, later than now; `None`: with `resume`.
    pub until: Option<Timestamp>,
    /// Why, for people.
    pub reason: Option<String>,
}
