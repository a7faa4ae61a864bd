//! What a person or an operator did to meetings, and how it came.

use super::text_enum;

text_enum! {
    /// What was done. Each of these can be taken back once.
    pub enum ActKind {
        /// Check-in: in the meeting.
        Joined = "joined",
        /// Check-in: will miss it.
        Missed = "missed",
        /// A call back: "I am on it".
        Acknowledged = "acknowledged",
        /// An operator ended the incident.
        Resolved = "resolved",
        /// The meeting was called off.
        CalledOff = "called_off",
        /// It got another time.
        Moved = "moved",
    }
}

text_enum! {
    /// The way by which it came.
    pub enum ActHow {
        /// A command of savehub.
        Command = "command",
        /// A text message to our number.
        Message = "message",
        /// A call to our number.
        Call = "call",
        /// A key pressed in a call of ours.
        Key = "key",
    }
}
