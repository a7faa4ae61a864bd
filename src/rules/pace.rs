//! When a call is looked at again.

use crate::model::Timestamp;
use std::time::Duration;

/// Calls are looked at by every tick for this long; afterwards less and less often.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// The longest pause between two looks.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// When to look again at a call that was made at `intent_at` and is not final: at once in the next tick while it is
/// young, then after a quarter of its age. (A queued call lives up to 24 hours at Twilio.)
pub fn next_look(intent_at: Timestamp, now: Timestamp) -> Timestamp {
    let age = Duration::from_millis(u64::try_from(now.since(intent_at)).unwrap_or(0));
    if age < FRESH { now } else { now.plus((age / 4).min(LONGEST)) }
}

/// A message that is not final by then stays as it was last seen: some carriers never say that it arrived.
const MESSAGE_UNTIL: Duration = Duration::from_secs(60 * 60);

/// When to look again at a message that was made at `intent_at` and is not final.
pub fn next_look_at_message(intent_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (now < intent_at.plus(MESSAGE_UNTIL)).then(|| next_look(intent_at, now))
}

/// A price arrives minutes after the end of a call (docs/voice/api/call-resource, `price`).
const PRICE_EVERY: Duration = Duration::from_secs(2 * 60);

/// A call that has no price by then stays without one.
const PRICE_UNTIL: Duration = Duration::from_secs(60 * 60);

/// When to look for the price of a call that was made at `intent_at` and has been answered.
pub fn next_look_for_price(intent_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let next = now.plus(PRICE_EVERY);
    (next <= intent_at.plus(PRICE_UNTIL)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_call_is_looked_at_by_every_tick_and_an_old_one_less_often() {
        let made = Timestamp::from_ms(0);
        let at = |s: i64| next_look(made, Timestamp::from_ms(s * 1000)).ms() / 1000 - s;
        assert_eq!((at(30), at(599), at(600), at(86_400)), (0, 0, 150, 900));
    }

    #[test]
    fn a_message_is_looked_at_for_an_hour() {
        let at =
            |s: i64| next_look_at_message(Timestamp::from_ms(0), Timestamp::from_ms(s * 1000)).map(|t| t.ms() / 1000);
        assert_eq!((at(30), at(3599), at(3600)), (Some(30), Some(3599 + 899), None));
    }

    #[test]
    fn a_price_is_looked_for_during_an_hour() {
        let at =
            |s: i64| next_look_for_price(Timestamp::from_ms(0), Timestamp::from_ms(s * 1000)).map(|t| t.ms() / 1000);
        assert_eq!((at(60), at(3480), at(3481)), (Some(180), Some(3600), None));
    }
}
