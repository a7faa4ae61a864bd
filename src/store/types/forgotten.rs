//! What is deleted when it is old.

use serde::Serialize;

/// Rows that were deleted, or that would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Ended incidents, with their steps, attempts and what was heard for them.
    pub incidents: u32,
    /// Meetings that no incident watches any more, or ever did.
    pub meetings: u32,
    /// Test calls.
    pub test_calls: u32,
    /// Pauses that are over.
    pub pauses: u32,
}

impl Forgotten {
    /// Is there nothing (left)?
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, more: Self) -> Self {
        Self {
            incidents: self.incidents.saturating_add(more.incidents),
            meetings: self.meetings.saturating_add(more.meetings),
            test_calls: self.test_calls.saturating_add(more.test_calls),
            pauses: self.pauses.saturating_add(more.pauses),
        }
    }
}
