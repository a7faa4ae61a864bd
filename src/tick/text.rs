//! What a text says to who answered, and which incidents it is about.

use crate::config::Config;
use crate::model::{Choice, Heard, HeardEffect, HeardHow, HeardOutcome, IncidentId, MeetingWords, Phone};
use crate::rules::confirm;

/// A text that is to be sent.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Who answered.
    pub(super) to: Phone,
    about: About,
}

#[derive(Debug, Clone)]
enum About {
    /// What the answer did to these incidents.
    Done(HeardEffect, Vec<IncidentId>),
    /// What can be answered instead.
    Which(Vec<Choice>),
}

impl Text {
    /// The text about what somebody said, if there is one.
    pub(super) fn about(config: &Config, heard: &Heard, outcome: &HeardOutcome) -> Option<Self> {
        let HeardOutcome { effect, incidents, choices, .. } = outcome;
        let about = match effect {
            _ if !config.hear.confirm || heard.how != HeardHow::Message => return None,
            HeardEffect::NeedsCode => About::Which(choices.clone()),
            effect => About::Done(*effect, incidents.clone()),
        };
        let text = Self { to: heard.from.clone(), about };
        (!text.say(&[]).is_empty() && !text.incidents().is_empty()).then_some(text)
    }

    /// The incidents that it is about, in the order of its words.
    pub(super) fn incidents(&self) -> Vec<IncidentId> {
        match &self.about {
            About::Done(_, incidents) => incidents.clone(),
            About::Which(choices) => choices.iter().flat_map(|choice| choice.incidents.clone()).collect(),
        }
    }

    /// Its words; the meetings are those of the incidents, in their order.
    pub(super) fn say(&self, meetings: &[MeetingWords]) -> String {
        match &self.about {
            About::Done(effect, _) => confirm::done(*effect, meetings).unwrap_or_default(),
            About::Which(choices) => confirm::which(choices, meetings),
        }
    }
}
