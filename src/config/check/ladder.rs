//! `[[ladder]]`: rungs in order, each of which can ring.

use super::limits::Guards;
use crate::config::Rung;
use crate::config::raw::{Table, spoken};
use crate::config::screen::quoted;
use crate::config::show::{Problem, Report};
use crate::model::RungKind;
use crate::near::nearest;
use std::ops::Range;
use std::time::Duration;

/// A rung and where its time stands in the file; `None`: it is one of the default ladder.
type Placed = (Rung, Option<Range<usize>>);

/// What a rung can do so far.
const KNOWN: [RungKind; 1] = [RungKind::Call];

/// The default ladder: a call 3 min before the start and one 90 s before.
pub(super) fn standard() -> Vec<Rung> {
    [180, 90].map(|s| Rung { kind: RungKind::Call, before: Duration::from_secs(s) }).to_vec()
}

pub(super) fn ladder(tables: &[Table<'_, '_>], guards: &Guards, report: &Report<'_>) -> Vec<Rung> {
    let rungs: Vec<Option<Placed>> = if tables.is_empty() {
        standard().into_iter().map(|rung| Some((rung, None))).collect()
    } else {
        tables.iter().map(|table| rung(table, report)).collect()
    };
    for (index, rung) in rungs.iter().enumerate() {
        let Some(rung) = rung else { continue };
        in_window(index, rung, guards, report);
        if let Some(last) = rungs[..index].iter().rev().flatten().next() {
            in_order(last, rung, report);
        }
    }
    // Numbers of rungs mean something only when all of them could be read.
    if let Some(all) = rungs.iter().cloned().collect::<Option<Vec<_>>>() {
        within_limit(&all, guards, report);
    }
    rungs.into_iter().flatten().map(|(rung, _)| rung).collect()
}

fn rung(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Placed> {
    let kind = kind(table, report);
    let before = table.duration_if("before", "3m");
    if !table.has("before") && !table.has("after") {
        table.missing("before", "\"3m\"");
    }
    let before = before?;
    Some((Rung { kind: kind?, before: *before.get_ref() }, Some(before.span())))
}

fn kind(table: &Table<'_, '_>, report: &Report<'_>) -> Option<RungKind> {
    let known = || KNOWN.iter().map(|kind| kind.as_str());
    let Some(step) = table.text("step", "\"call\"") else {
        if !table.has("step") {
            table.missing("step", "\"call\"");
        }
        return None;
    };
    if let Some(kind) = KNOWN.iter().find(|kind| kind.as_str() == *step.get_ref()) {
        return Some(*kind);
    }
    let problem = Problem::new(format!("unknown step {}", quoted(step.get_ref()))).at(&step.span());
    report.push(match nearest(step.get_ref(), known()) {
        Some(near) => problem.label(format!("did you mean `{near}`?")),
        None => problem.label(format!("known steps: {}", known().collect::<Vec<_>>().join(", "))),
    });
    None
}

fn in_window(index: usize, (rung, at): &Placed, guards: &Guards, report: &Report<'_>) {
    let window = &guards.critical_window;
    if !window.sound || window.value.is_zero() {
        return;
    }
    let limit = spoken(window.value);
    if rung.before.is_zero() || rung.before > window.value {
        let title = format!("a call {} before the start can never ring", spoken(rung.before));
        let label = format!("outside the critical window: more than 0s, at most {limit}");
        let problem = match at {
            Some(at) => Problem::new(title).at(at).label(label),
            None => Problem::new(format!("rung {} of the default ladder: {title}", index + 1))
                .maybe_at(window.at.as_ref())
                .label(label)
                .help("write your own [[ladder]]"),
        };
        report.push(problem);
    }
}

fn in_order((last, _): &Placed, (rung, at): &Placed, report: &Report<'_>) {
    let Some(at) = at else { return };
    if rung.before == last.before {
        let title = format!("two rungs {} before the start", spoken(rung.before));
        report.push(Problem::new(title).at(at).label("each rung has a time of its own"));
    } else if rung.before > last.before {
        let title = "the ladder is out of order: this rung is due before the one above it";
        let label = format!("less than {}, or move this rung up", spoken(last.before));
        report.push(Problem::new(title).at(at).label(label));
    }
}

/// A rung that finds the limit used up by the rungs before it can never ring.
fn within_limit(rungs: &[Placed], guards: &Guards, report: &Report<'_>) {
    let (max, per) = (&guards.max_calls, &guards.max_calls_per);
    if !max.sound || !per.sound {
        return;
    }
    for (index, (rung, at)) in rungs.iter().enumerate().skip(max.value as usize) {
        let (first, _) = &rungs[index - max.value as usize];
        if first.before.saturating_sub(rung.before) < per.value {
            let title = format!("rung {} can never ring: max_calls = {}", index + 1, max.value);
            let calls = if max.value == 1 { "call" } else { "calls" };
            let label = format!("{} {calls} within {} at most", max.value, spoken(per.value));
            let help = match at {
                Some(_) => "take the rung out, or raise max_calls",
                None => "the default ladder has two rungs: write your own [[ladder]], or raise max_calls",
            };
            let place = at.as_ref().or(max.at.as_ref());
            report.push(Problem::new(title).maybe_at(place).label(label).help(help));
        }
    }
}
