//! What must hold of the whole day, and its numbers.

use super::day::Day;
use super::plan::{NINE, after};
use savehub::model::{AttemptState, Reason, RungKind, StepState, Timestamp};
use savehub::store::{AttemptView, IncidentView, StepView};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

/// Holds the store against the book, and says how the day went.
pub(crate) fn holds(day: &Day) -> String {
    let book = day.book();
    let mut incidents: Vec<IncidentView> = Vec::new();
    for entry in &book.meetings {
        let history = day.store.history(entry.id).unwrap().unwrap();
        assert!(entry.called_off || !history.incidents.is_empty(), "nobody watched {history:?}");
        incidents.extend(history.incidents.into_iter().map(|incident| incident.view));
    }
    assert!(book.wrong.is_empty(), "{} things went wrong, such as {:#?}", book.wrong.len(), &book.wrong[0]);
    let mut without_ring: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut calls, mut messages) = (HashSet::new(), HashSet::new());
    for incident in &incidents {
        assert!(incident.state.is_final(), "{incident:?}");
        for step in &incident.steps {
            let reason = ended(incident, step);
            // Merged steps share one attempt.
            let kept = if step.kind == RungKind::Call { &mut calls } else { &mut messages };
            kept.extend(accepted(step).map(|attempt| attempt.id));
            if reason != Reason::Initiated {
                *without_ring.entry(reason.as_str()).or_default() += 1;
            }
        }
    }
    let taken = [calls, messages].map(|attempts| u32::try_from(attempts.len()).unwrap());
    assert_eq!(taken, [book.calls, book.messages], "what is written down is what the provider took");
    let (all, own) = day.size.caps;
    assert!(book.calls <= all && book.calls_of.values().all(|calls| *calls <= own), "{:?}", book.calls_of);
    assert!(book.longest_wait_ms <= 1000, "a call waited {} ms at the provider", book.longest_wait_ms);
    let nine @ (last, best) = before_nine(&book.turns, day.size.rate);
    let slot_ms = 1000.0 / day.size.rate;
    assert!(
        last <= best + slot_ms,
        "99 of 100 calls of nine have their turn within {last} ms, and {best} ms were possible"
    );
    let busy = [book.joined_at_the_fence, book.moved, book.called_off, book.hung_up, book.messages];
    assert!(busy.iter().all(|count| *count > 0), "everything happened: {busy:?}");
    for reason in ["capacity", "paused", "merged", "daily_cap"] {
        assert!(without_ring.contains_key(reason), "{reason} happened: {without_ring:?}");
    }
    drop(book);
    summary(day, &without_ring, nine)
}

/// Within what time 99 of 100 calls before nine had their turn, from the first one on, and within what they could have, one
/// in each slot of the pace. Milliseconds.
fn before_nine(turns: &[Timestamp], rate: f64) -> (f64, f64) {
    let mut at: Vec<i64> = turns.iter().filter(|at| (after(NINE, -180)..NINE).contains(at)).map(|at| at.ms()).collect();
    at.sort_unstable();
    let last = at.len() * 99 / 100;
    let took = at.get(last).map_or(0, |at_last| at_last - at[0]);
    (took as f64, last as f64 * 1000.0 / rate)
}

fn accepted(step: &StepView) -> impl Iterator<Item = &AttemptView> {
    step.attempts.iter().filter(|attempt| attempt.state == AttemptState::Accepted)
}

/// The reason of a step, which has ended: with a call or a message of its own, with that of another, or with neither.
fn ended(incident: &IncidentView, step: &StepView) -> Reason {
    assert!(!matches!(step.state, StepState::Pending | StepState::Running), "{incident:?}");
    assert!(step.attempts.iter().all(|attempt| !attempt.state.is_open()), "{incident:?}");
    let reason = step.reason.unwrap_or_else(|| panic!("no reason: {incident:?}"));
    let rang = matches!(reason, Reason::Initiated | Reason::Merged);
    assert_eq!(accepted(step).count(), usize::from(rang), "{incident:?}");
    reason
}

fn summary(day: &Day, without_ring: &BTreeMap<&str, u32>, (last, best): (f64, f64)) -> String {
    let (book, ticks, size) = (day.book(), day.ticks(), &day.size);
    let count = |which: fn(&&super::plan::Entry) -> bool| book.meetings.iter().filter(which).count();
    let mut text = format!(
        "{} people, {} meetings, {} calls placed for {} meetings, {} of them reached by a call, {} messages, \
         {} joined ({} between claim and call), {} moved, {} called off, {} calls hung up",
        size.people,
        size.meetings,
        book.calls,
        count(|entry| !entry.calls.is_empty()),
        count(|entry| entry.answered > 0),
        book.messages,
        count(|entry| entry.joined),
        book.joined_at_the_fence,
        book.moved,
        book.called_off,
        book.hung_up,
    );
    text.push_str("; steps that did not ring:");
    for (reason, steps) in without_ring {
        write!(text, " {reason} {steps},").unwrap();
    }
    let per_tick = ticks.all / ticks.count.max(1);
    let busiest = ticks.busiest;
    write!(
        text,
        "\n  99 of 100 calls before nine had their turn within {last:.0} ms of the first, {best:.0} ms were possible\
         \n  0 wrong calls; {} ticks ({} at once at most), {:.1} ms each, busiest tick: {} ms (due steps {}, calls and \
         messages {}), longest with nothing to do: {:.1} ms; config of {} people read in {:.1} ms; total {:.1} s",
        ticks.count,
        ticks.most_at_once,
        per_tick.as_secs_f64() * 1000.0,
        busiest.took.as_millis(),
        busiest.ended,
        busiest.placed,
        ticks.longest_idle.as_secs_f64() * 1000.0,
        size.people,
        day.config_read.as_secs_f64() * 1000.0,
        day.began.elapsed().as_secs_f64(),
    )
    .unwrap();
    text
}
