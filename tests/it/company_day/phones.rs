//! The provider of the day: the mock phone with people at its other end, behind a queue of its own.

use super::day::Day;
use super::plan::{Dice, Event, after, number_of};
use savehub::model::{
    Address, CallReport, HangUp, MockOutcome, Outcome, Pace, ProviderKind, Reply, Request, RungKind, Timestamp,
};
use savehub::provider::mock::Mock;
use savehub::provider::{Gate, Provider, ProviderError};
use std::sync::Weak;
use std::time::Duration;

/// Out of a hundred calls: those that are answered, reach a voicemail box, find the line busy, are not sent; the rest is
/// not answered.
const LIVES: [(i64, MockOutcome); 4] =
    [(55, MockOutcome::Answered), (70, MockOutcome::Voicemail), (78, MockOutcome::Busy), (79, MockOutcome::Refused)];

pub(crate) struct Phones {
    day: Weak<Day>,
    rate: f64,
}

impl Phones {
    pub(crate) fn of(day: Weak<Day>, rate: f64) -> Self {
        Self { day, rate }
    }
}

impl Provider for Phones {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    fn account(&self) -> &'static str {
        savehub::provider::mock::MOCK_ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        Mock::new(&[]).senders()
    }

    fn pace(&self) -> Option<Pace> {
        Pace::per_second(self.rate, None)
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let day = self.day.upgrade().unwrap();
        day.somebody_joins_at_the_fence(request);
        // The attempt's step says what becomes of it: a retry is another throw.
        let uid = request.facts.meetings.first().map_or(0, |m| number_of(&m.uid));
        let mut dice = Dice((uid as u64) << 32 | day.calls_for(uid) << 8 | u64::from(request.token.as_bytes()[0]));
        let thrown = dice.below(100);
        let life = LIVES.iter().find(|(until, _)| thrown < *until).map_or(MockOutcome::NoAnswer, |life| life.1);
        let reply = Mock::new(&[life]).place(request, gate);
        if matches!(reply.outcome, Outcome::Accepted(_)) {
            let now = day.taken(request, Duration::from_secs_f64(1.0 / self.rate));
            if request.to.kind == RungKind::Call && life == MockOutcome::Answered {
                for meeting in &request.facts.meetings {
                    let number = number_of(&meeting.uid);
                    day.answered(number);
                    if dice.percent(85) {
                        day.happens(after(now, 10 + dice.below(90)), Event::Join(number));
                    }
                }
            }
        }
        reply
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        Mock::new(&[]).fetch(sid, now)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.day.upgrade().unwrap().book().hung_up += 1;
        Mock::new(&[]).hang_up(sid, how, now)
    }
}
