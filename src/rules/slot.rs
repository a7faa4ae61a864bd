//! May a call start now by the account's pace, and from which number?
//!
//! The times are kept in the database and moved in the transaction that writes an attempt, so that ticks which overlap,
//! and hosts, share one pace. A slot is taken when the attempt is written; should nothing leave after that, the slot is
//! lost and nothing else.

use crate::model::{Line, NextSlot, Pace, Slot, Timestamp, fnv1a};
use std::time::Duration;

/// A stored time that is further ahead than one turn and this is ignored: it comes from another host's clock, or from
/// before the clock was set back.
const MOST_AHEAD: Duration = Duration::from_secs(5);

/// A slot taken late, by no more than this (a slow process, a slow disk), does not delay those behind it; otherwise a
/// pace of 30 calls a second would become one of 20. The provider queues the calls that come too fast meanwhile.
const CATCH_UP: Duration = Duration::from_millis(100);

/// A request for the next slot.
#[derive(Debug, Clone, Copy)]
pub struct SlotRequest<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// The provider's pace; `None`: no pace is kept.
    pub pace: Option<Pace>,
    /// Id of the person. Among numbers that are free alike, one person tends to see the same one.
    pub person: &'a str,
    /// The senders that rest, since the provider refuses them. They are used when no other is left.
    pub resting: &'a [usize],
}

/// Takes the next slot, or says until when to wait.
///
/// An incident keeps its number while it lasts; a new one takes the number that is free first. Neither uses one that
/// rests or that the step was refused from, as long as there is another.
pub fn take(line: &Line, request: &SlotRequest<'_>) -> Slot {
    let count = line.senders.len().max(1);
    let home = home(request.person, line.senders.len());
    let usable = usable(line, request.resting);
    let kept = line.kept.filter(|kept| usable.contains(kept));
    // How far it is from the person's own.
    let distance = |sender: usize| (sender + count - home) % count;
    let Some(pace) = request.pace else {
        let nearest = usable.iter().copied().min_by_key(|sender| distance(*sender));
        return Slot::Take { sender: kept.or(nearest).unwrap_or(home), next: None };
    };
    let now = request.now;
    let account = free_from(line.account, pace.account, now, pace.ahead);
    let from = |sender: usize| {
        let own = line.senders.get(sender).copied().flatten();
        pace.number.map_or(account, |every| free_from(own, every, now, pace.ahead).max(account))
    };
    let first = usable.iter().copied().min_by_key(|sender| (from(*sender).max(now), distance(*sender)));
    let sender = kept.or(first).unwrap_or(home);
    let at = from(sender);
    if at > now && !pace.ahead {
        // Somebody else's number may be free before that; a new incident would have taken it.
        return Slot::Wait { until: at, all: kept.is_none() || at == account };
    }
    let account = after(line.account, account, pace.account, now);
    let number = pace.number.map(|every| {
        let own = line.senders.get(sender).copied().flatten();
        after(own, free_from(own, every, now, pace.ahead), every, now)
    });
    let others = (0..count).filter(|other| *other != sender).map(from);
    let any = number.map_or(account, |own| others.chain([own]).min().unwrap_or(own).max(account));
    let any = if pace.ahead { now } else { any };
    Slot::Take { sender, next: Some(NextSlot { account, number, any }) }
}

/// The senders to choose from: if need be those that rest, and if that leaves none, all.
fn usable(line: &Line, resting: &[usize]) -> Vec<usize> {
    let all: Vec<usize> = (0..line.senders.len()).collect();
    let new: Vec<usize> = all.iter().copied().filter(|sender| !line.refused.contains(sender)).collect();
    let awake: Vec<usize> = new.iter().copied().filter(|sender| !resting.contains(sender)).collect();
    [awake, new].into_iter().find(|some| !some.is_empty()).unwrap_or(all)
}

/// When the account's next call may start, whatever number it comes from.
pub fn next(line: &Line, pace: &Pace, now: Timestamp) -> Timestamp {
    let account = free_from(line.account, pace.account, now, pace.ahead).max(now);
    let Some(every) = pace.number else { return account };
    let own = line.senders.iter().map(|free| free_from(*free, every, now, pace.ahead).max(now));
    own.min().unwrap_or(account).max(account)
}

fn free_from(kept: Option<Timestamp>, every: Duration, now: Timestamp, ahead: bool) -> Timestamp {
    let sound = |free: &Timestamp| ahead || *free <= now.plus(every).plus(MOST_AHEAD);
    kept.filter(sound).unwrap_or(now)
}

/// When the next call may start, if the one that could start from `free` on starts now.
fn after(kept: Option<Timestamp>, free: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    let late = now.since(free);
    let little = i64::try_from(CATCH_UP.min(every / 2).as_millis()).unwrap_or(i64::MAX);
    let is_on_time = kept.is_some() && late <= little;
    a_turn_after(if is_on_time { free } else { now }, every)
}

/// A turn later, in whole milliseconds. A turn that is none, such as 33⅓ ms, is kept on the average: its times are those of a
/// clock that strikes so often, each rounded up, and no second has more of them than the pace allows.
fn a_turn_after(from: Timestamp, every: Duration) -> Timestamp {
    let least = from.plus(every);
    let every_us = i128::try_from(every.as_micros()).unwrap_or(i128::MAX);
    if every_us % 1000 == 0 {
        return least;
    }
    let strikes = (i128::from(least.ms()) * 1000 - 1000).div_euclid(every_us) + 1;
    let at_ms = strikes.saturating_mul(every_us).saturating_add(999).div_euclid(1000);
    Timestamp::from_ms(i64::try_from(at_ms).unwrap_or(i64::MAX))
}

/// The number of a person who has none yet: the same in every process and on every host.
fn home(person: &str, count: usize) -> usize {
    let hash = fnv1a(person);
    usize::try_from((hash ^ (hash >> 32)) % count.max(1) as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(NOW.ms() + ms)
    }

    fn line(account: Option<i64>, senders: &[Option<i64>]) -> Line {
        Line {
            account: account.map(at),
            senders: senders.iter().map(|own| own.map(at)).collect(),
            kept: None,
            refused: vec![],
        }
    }

    fn ask(line: &Line, number: Option<f64>) -> Slot {
        take(line, &SlotRequest { now: NOW, pace: Pace::per_second(1.0, number), person: "ana", resting: &[] })
    }

    fn taken(slot: Slot) -> (usize, i64) {
        match slot {
            Slot::Take { sender, next: Some(next) } => (sender, next.account.since(NOW)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_call_starts_at_once_and_the_next_one_a_turn_later() {
        assert_eq!(taken(ask(&line(None, &[None]), None)), (0, 1000));
        assert_eq!(ask(&line(Some(400), &[None]), None), Slot::Wait { until: at(400), all: true });
        assert_eq!(taken(ask(&line(Some(0), &[None]), None)), (0, 1000));
    }

    #[test]
    fn thirty_calls_a_second_are_thirty_in_each_second_and_no_more() {
        let mut at: Vec<i64> = Vec::new();
        let mut free = None;
        while at.len() < 3001 {
            let now = free.unwrap_or(NOW);
            at.push(now.ms());
            let line = Line { account: free, ..line(None, &[None]) };
            let request = SlotRequest { now, pace: Pace::per_second(30.0, None), person: "ana", resting: &[] };
            let Slot::Take { next: Some(next), .. } = take(&line, &request) else { panic!("{line:?}") };
            free = Some(next.account);
        }
        assert!((100_000..=100_040).contains(&(at[3000] - at[0])), "{} ms", at[3000] - at[0]);
        assert!(at.windows(31).all(|calls| calls[30] - calls[0] >= 1000), "31 calls within a second");
    }

    #[test]
    fn a_slot_taken_a_little_late_does_not_put_off_the_next_one() {
        assert_eq!(taken(ask(&line(Some(-100), &[None]), None)), (0, 900));
        assert_eq!(taken(ask(&line(Some(-101), &[None]), None)), (0, 1000), "nobody had waited for it");
    }

    #[test]
    fn a_clock_that_was_turned_back_keeps_nobody_waiting() {
        assert_eq!(ask(&line(Some(6000), &[None]), None), Slot::Wait { until: at(6000), all: true });
        assert_eq!(taken(ask(&line(Some(6001), &[None]), None)), (0, 1000));
        assert_eq!(next(&line(Some(3_600_000), &[None]), &Pace::per_second(1.0, None).unwrap(), NOW), NOW);
    }

    #[test]
    fn a_rehearsal_takes_its_places_without_waiting() {
        let pace = Pace::per_second(1.0, None).map(|pace| Pace { ahead: true, ..pace });
        let request = SlotRequest { now: NOW, pace, person: "ana", resting: &[] };
        assert_eq!(taken(take(&line(Some(90_000), &[None]), &request)), (0, 91_000));
    }

    #[test]
    fn a_new_incident_takes_the_number_that_is_free_first() {
        let slot = ask(&line(Some(0), &[Some(300), Some(-20), Some(100)]), Some(0.5));
        assert_eq!(taken(slot).0, 1);
        let Slot::Take { next: Some(next), .. } = slot else { panic!("{slot:?}") };
        assert_eq!((next.number, next.any), (Some(at(1980)), at(1000)));
        let all_busy = ask(&line(Some(0), &[Some(300), Some(200)]), Some(0.5));
        assert_eq!(all_busy, Slot::Wait { until: at(200), all: true });
    }

    #[test]
    fn an_incident_keeps_its_number_and_waits_for_it_alone() {
        let kept = Line { kept: Some(0), ..line(Some(0), &[Some(300), Some(-20)]) };
        assert_eq!(ask(&kept, Some(0.5)), Slot::Wait { until: at(300), all: false });
        assert_eq!(taken(ask(&Line { kept: Some(1), ..kept }, Some(0.5))).0, 1);
    }

    #[test]
    fn of_numbers_that_are_free_alike_a_person_sees_one_and_people_see_all() {
        let free = line(None, &[None, None, None]);
        let of = |person: &str| {
            let request = SlotRequest { now: NOW, pace: Pace::per_second(1.0, None), person, resting: &[] };
            taken(take(&free, &request)).0
        };
        let people: Vec<String> = (0..60).map(|n| format!("person-{n}")).collect();
        let seen: std::collections::HashSet<usize> = people.iter().map(|person| of(person)).collect();
        assert_eq!(seen.len(), 3);
        assert!(people.iter().all(|person| of(person) == of(person)));
        let message = SlotRequest { now: NOW, pace: None, person: &people[0], resting: &[] };
        assert_eq!(take(&free, &message), Slot::Take { sender: of(&people[0]), next: None }, "messages keep no pace");
    }

    #[test]
    fn a_number_that_rests_or_that_the_step_was_refused_from_is_used_when_no_other_is_left() {
        let sender = |line: &Line, resting: &[usize], number| {
            let request = SlotRequest { now: NOW, pace: Pace::per_second(1.0, number), person: "ana", resting };
            taken(take(line, &request)).0
        };
        let free = Line { kept: Some(0), ..line(None, &[None, None, None]) };
        for number in [None, Some(1.0)] {
            assert_eq!(sender(&free, &[], number), 0);
            assert_ne!(sender(&free, &[0], number), 0, "the incident had it, and it rests");
            assert_eq!(sender(&free, &[0, 1], number), 2);
            assert_eq!(sender(&free, &[0, 1, 2], number), 0, "no other is left");
            let refused = |refused| Line { refused, ..free.clone() };
            assert_eq!(sender(&refused(vec![0, 1]), &[], number), 2);
            assert_eq!(sender(&refused(vec![0]), &[1, 2], number), sender(&refused(vec![0]), &[], number));
        }
    }
}
