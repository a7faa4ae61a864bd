//! The provider of the day: the mock phone with people at its other end, behind a queue of its own.

use super::day::Day;
use super::plan::{Dice, Event, after, number_of};
use crate::support::stand_in::{StandIn, look};
use savehub::model::{MockOutcome, Outcome, Pace, Reply, Request, RungKind};
use savehub::provider::mock::Mock;
use savehub::provider::{Gate, Provider as _};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Out of a hundred calls: those that are answered, reach a voicemail box, find the line busy, are not sent; the rest is
/// not answered.
const LIVES: [(i64, MockOutcome); 4] =
    [(55, MockOutcome::Answered), (70, MockOutcome::Voicemail), (78, MockOutcome::Busy), (79, MockOutcome::Refused)];

/// So many calls a second.
pub(crate) fn phones(day: Weak<Day>, rate: f64) -> StandIn {
    let caller = Weak::clone(&day);
    let mut phones = StandIn::new(Arc::new(Mock::new(&[])))
        .placing(move |_, request, gate| place(&caller.upgrade().unwrap(), rate, request, gate))
        .looking(move |mock, sid, how, now| {
            day.upgrade().unwrap().book().hung_up += u32::from(how.is_some());
            look(mock, sid, how, now)
        });
    phones.pace = Pace::per_second(rate, None);
    phones
}

fn place(day: &Day, rate: f64, request: &Request, gate: &dyn Gate) -> Reply {
    day.has_its_turn(request);
    day.somebody_joins_at_the_fence(request);
    // The attempt's step says what becomes of it: a retry is another throw.
    let uid = request.facts.meetings.first().map_or(0, |m| number_of(&m.uid));
    let mut dice = Dice((uid as u64) << 32 | day.calls_for(uid) << 8 | u64::from(request.token.as_bytes()[0]));
    let thrown = dice.below(100);
    let life = LIVES.iter().find(|(until, _)| thrown < *until).map_or(MockOutcome::NoAnswer, |life| life.1);
    let reply = Mock::new(&[life]).place(request, gate);
    if matches!(reply.outcome, Outcome::Accepted(_)) {
        let now = day.taken(request, Duration::from_secs_f64(1.0 / rate));
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
