//! What each fact of a calendar changes.
