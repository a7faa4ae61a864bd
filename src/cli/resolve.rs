//! `savehub resolve`: an operator ends an incident.

use super::args::ResolveArgs;
use super::ctx::Ctx;
use super::pick;
use super::words::effects;
use crate::exit::{Exit, UsageError};
use crate::model::printable;
use crate::store::{Ended, StoreError};

/// Open incidents that are listed in a message.
const SHOWN: usize = 10;

/// Longest note, in characters.
const NOTE_MAX: usize = 500;

/// Runs the command.
pub fn run(args: &ResolveArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let incident = pick::incident(&args.incident)?;
    let note = note(args.note.as_deref())?;
    let ended = match ctx.store.resolve(incident, note, ctx.now) {
        Err(StoreError::NotFound(text)) => return Err(UsageError(format!("{text}; {}", open(ctx)?)).into()),
        other => other?,
    };
    ctx.finish(&line(&ended), Some(&ended))
}

/// The incidents that can be resolved, one a line.
fn open(ctx: &Ctx<'_>) -> anyhow::Result<String> {
    let incidents = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?.incidents;
    let open = incidents.iter().filter(|i| !i.state.is_final());
    let lines: Vec<String> =
        open.take(SHOWN).map(|i| format!("\n  {} {}, {}", i.id, printable(&i.title), printable(&i.person))).collect();
    Ok(if lines.is_empty() { "none is open".to_owned() } else { format!("open:{}", lines.concat()) })
}

fn note(typed: Option<&str>) -> Result<Option<&str>, UsageError> {
    let note = typed.map(str::trim).filter(|note| !note.is_empty());
    match note.map_or(0, |note| note.chars().count()) {
        length if length > NOTE_MAX => {
            Err(UsageError(format!("the note has {length} characters; at most {NOTE_MAX} are kept")))
        }
        _ => Ok(note),
    }
}

fn line(ended: &Ended) -> String {
    if ended.changed {
        format!("resolved: {}{}", ended.incident, effects(ended))
    } else {
        format!("already over: {} ({}); nothing changed", ended.incident, ended.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IncidentId, IncidentState};

    #[test]
    fn resolving_says_what_it_cancelled_and_a_second_time_that_nothing_changed() {
        let mut ended = Ended {
            incident: IncidentId(7),
            state: IncidentState::Resolved,
            changed: true,
            cancelled_steps: 1,
            hang_ups: 2,
        };
        assert_eq!(line(&ended), "resolved: i7, 1 pending step cancelled, 2 calls to hang up");
        ended.changed = false;
        assert_eq!(line(&ended), "already over: i7 (RESOLVED); nothing changed");
    }

    #[test]
    fn an_empty_note_is_no_note_and_a_long_one_is_refused() {
        assert_eq!(note(Some(" on my way ")), Ok(Some("on my way")));
        assert_eq!(note(Some("  ")), Ok(None));
        assert_eq!(note(Some(&"x".repeat(501))).unwrap_err().0, "the note has 501 characters; at most 500 are kept");
    }
}
