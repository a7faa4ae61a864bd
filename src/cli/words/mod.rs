//! Plain words, for every command, for what the database keeps as one word.
//!
//! | file | has the words of |
//! |---|---|
//! | `reason` | why something was done or not, in two tenses, and what to do about it |
//! | `attempt` | what came of a call or message |
//! | `state` | incidents, steps, acknowledgements, what people said, meetings that do not ring |
//! | `result` | what a tick did with a step |
//! | `brakes` | what keeps phones from ringing, and what a rehearsal does not know |

mod attempt;
mod brakes;
mod reason;
mod result;
mod state;

pub use attempt::{Outcome, attempt_words, fenced, outcome_words};
pub(super) use attempt::{PickedUpBy, hang_up_words, picked_up_by, price, status_words, verb};
pub(super) use brakes::{brake_lines, broken_config, no_phone, pause_lines, pause_words, unread_line};
pub(super) use reason::advice;
pub use reason::{because, reason_words};
pub(super) use result::{late_words, result_words};
pub(super) use state::{
    ack_words, ended_by_itself, heard_how, heard_words, incident_words, kind_words, skip_words, step_name, step_words,
};

use crate::model::{Timestamp, cut, printable};
use crate::store::Ended;
use crate::when;
use crate::zone::Zone;
use std::fmt::Display;
use std::time::Duration;

/// Titles are cut to this many characters.
const TITLE_CUT: usize = 80;

/// The title, fit for a terminal.
pub(super) fn title(text: &str) -> String {
    cut(&printable(text), TITLE_CUT)
}

/// A text from outside, fit to be shown; `None` where nothing of it is left.
pub(super) fn clean(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}

/// `skipped: too late`.
fn with(text: &str, more: Option<String>) -> String {
    more.map_or_else(|| text.to_owned(), |more| format!("{text}: {more}"))
}

/// The words and the numbers behind them: `outside the critical window (240 s before)`.
pub(super) fn detailed(words: &str, detail: Option<&str>) -> String {
    clean(detail).map_or_else(|| words.to_owned(), |detail| format!("{words} ({detail})"))
}

/// A database that was made so long ago.
pub(super) fn young_words(age: Duration) -> String {
    let ago = when::span(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    format!("the database was made {ago} ago: it knows nothing of earlier meetings and calls")
}

/// `1 call`, `2 calls`, `3 retries`, `4 people`.
pub(super) fn counted<N: Copy + Display + PartialEq + From<u8>>(n: N, what: &str) -> String {
    match (n == N::from(1), what, what.strip_suffix("try")) {
        (true, ..) => format!("1 {what}"),
        (false, "person", _) => format!("{n} people"),
        (false, _, Some(stem)) => format!("{n} {stem}tries"),
        (false, ..) => format!("{n} {what}s"),
    }
}

/// `, 2 pending steps cancelled, 1 call to hang up`; nothing for what did not happen.
pub(super) fn effects(ended: &Ended) -> String {
    let steps = (ended.cancelled_steps, "pending step", "cancelled");
    let calls = (ended.hang_ups, "call", "to hang up");
    let shown = [steps, calls].into_iter().filter(|(n, ..)| *n > 0);
    shown.map(|(n, what, done)| format!(", {} {done}", counted(n, what))).collect::<Vec<_>>().concat()
}

/// `08:57:03`, with the date when it is not today's.
pub(super) fn exact(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    format!("{}:{:02}", when::short(at, now, zone), zone.civil(at).time.2)
}
