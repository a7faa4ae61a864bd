//! A plan, and the minutes in which more calls fall due than the provider starts in time.

use crate::config::{Config, ProviderChoice};
use crate::model::{Reason, RungKind, StepState, Timestamp};
use crate::store::PauseView;
use crate::tick::{Foreseen, Outlook};
use std::collections::BTreeMap;

/// A plan, and what it was made of.
pub struct Plan<'a> {
    /// When it was made.
    pub now: Timestamp,
    /// How far it reaches.
    pub until: Timestamp,
    /// The config.
    pub config: &'a Config,
    /// What would happen.
    pub outlook: &'a Outlook,
    /// The pauses that hold now.
    pub pauses: &'a [PauseView],
    /// Show this person alone.
    pub person: Option<&'a str>,
}

/// A minute in which calls would be shed, since more wait than can start in time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Crowd {
    /// When the first of them is.
    pub at: Timestamp,
    /// Calls that wait then.
    pub calls: usize,
    /// Those that are shed: they could not start before their meetings do.
    pub too_late: usize,
}

impl Plan<'_> {
    /// The steps that are shown.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Foreseen> {
        self.outlook.steps.iter().filter(|step| self.person.is_none_or(|person| person == step.result.person))
    }

    /// Calls the provider starts in a second.
    pub(super) fn rate(&self) -> Option<f64> {
        let provider = &self.config.provider;
        match provider.chosen {
            ProviderChoice::Twilio => provider.twilio.as_ref().map(|twilio| twilio.calls_per_second),
            ProviderChoice::Mock => provider.mock.calls_per_second,
        }
    }

    /// The minutes in which calls of anybody are shed, since they would start too late at the provider's pace.
    pub fn crowds(&self) -> Vec<Crowd> {
        let lost = |step: &&Foreseen| step.result.reason == Reason::Capacity;
        let mut minutes: BTreeMap<i64, Vec<Timestamp>> = BTreeMap::new();
        for step in self.outlook.steps.iter().filter(|step| step.result.kind == RungKind::Call).filter(lost) {
            minutes.entry(step.at.ms() / 60_000).or_default().push(step.at);
        }
        let crowd = |lost: Vec<Timestamp>| {
            let (at, last) = (*lost.first()?, *lost.last()?);
            Some(Crowd { at, calls: self.waiting(at, last), too_late: lost.len() })
        };
        minutes.into_values().filter_map(crowd).collect()
    }

    /// How many calls wait at some time between these, including those that start or are shed then.
    fn waiting(&self, from: Timestamp, until: Timestamp) -> usize {
        let waits = |step: &&Foreseen| {
            let result = &step.result;
            let made = result.state == StepState::Executed && result.reason != Reason::Merged;
            let is_due = result.due_at.is_none_or(|due_at| due_at <= until);
            let counts = made || result.reason == Reason::Capacity;
            result.kind == RungKind::Call && counts && is_due && step.at >= from
        };
        self.outlook.steps.iter().filter(waits).count()
    }
}
