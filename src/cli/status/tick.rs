//! The last tick, for people: how old it is, and what to think of it.

use super::ctx::{StatusCtx, age_ms};
use crate::exit::Exit;
use crate::store::TickView;
use crate::when;

/// `last tick 12 s ago, ok`.
pub(super) fn tick_line(tick: Option<&TickView>, ctx: &StatusCtx<'_>) -> String {
    let paint = ctx.screen.paint;
    let Some(tick) = tick else {
        return paint.alarm("NO TICK YET: `savehub tick` must run every 30 s, see `savehub tick --help`");
    };
    let age = when::span(age_ms(tick, ctx.now));
    if tick.ended_at.unwrap_or(tick.started_at) > ctx.now {
        return paint.alarm(&format!("last tick {age} in the future: was the clock turned back?"));
    }
    match (tick.ended_at, tick.exit) {
        (None, _) if ctx.is_old(tick) => {
            paint.alarm(&format!("last tick started {age} ago and never ended: is cron running?"))
        }
        (None, _) => format!("last tick started {age} ago and has not ended yet"),
        _ if ctx.is_old(tick) => paint.alarm(&format!("last tick {age} ago: is cron running?")),
        (Some(_), None | Some(0)) => format!("last tick {age} ago, ok"),
        (Some(_), Some(code)) => {
            let meaning = Exit::of_code(code).map_or_else(String::new, |exit| format!(": {}", exit.short_meaning()));
            paint.notice(&format!("last tick {age} ago, exit {code}{meaning}"))
        }
    }
}
