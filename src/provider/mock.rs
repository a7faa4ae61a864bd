//! The mock phone: the product's own rehearsal provider. It never touches the network.

use crate::model::text_enum;

text_enum! {
    /// What becomes of a mock call.
    pub enum MockOutcome {
        /// Rings 5 s, is answered by a human, lasts 12 s.
        Answered = "answered",
        /// Busy at once.
        Busy = "busy",
        /// Rings 24 s, nobody answers.
        NoAnswer = "no-answer",
        /// Rings 20 s, a voicemail box answers.
        Voicemail = "voicemail",
        /// The provider cannot be reached: certain that nothing rang.
        Refused = "refused",
        /// The provider stays silent; no call exists.
        Timeout = "timeout",
        /// The call is placed, the reply is lost.
        LostReply = "lost-reply",
    }
}
