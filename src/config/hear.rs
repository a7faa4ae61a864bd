//! `[hear]`: how people answer, without a server of ours.

use crate::rules::hear::Words;

/// What ticks listen for while an incident is open and something was sent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HearConfig {
    /// Text messages to the from number. Default true.
    pub replies: bool,
    /// Calls to the from number: "I am on it". Default true.
    pub call_back: bool,
    /// The TwiML Bin that takes the key pressed in a call (`https://handler.twilio.com/twiml/EH…`); `None`: keys are not
    /// asked for.
    pub key_bin: Option<String>,
    /// A reply that was understood is answered by one text per incident: what it did, or which codes it may name.
    /// Default false.
    pub confirm: bool,
    /// What a reply may say.
    pub words: Words,
}

impl Default for HearConfig {
    fn default() -> Self {
        Self { replies: true, call_back: true, key_bin: None, confirm: false, words: Words::default() }
    }
}

impl HearConfig {
    /// Is there anything to listen for?
    pub const fn anything(&self) -> bool {
        self.replies || self.call_back || self.key_bin.is_some()
    }
}
