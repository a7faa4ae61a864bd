//! `savehub status`: what comes next, what is open, what rang, and whether savehub runs at all.
//!
//! Pure but for [`run`]: a snapshot goes in, text ([`render`]) or JSON ([`report`]) comes out.

mod calendars;
mod ctx;
mod hosts;
mod json;
mod text;
mod tick;
mod watch;

pub use ctx::StatusCtx;
pub use json::{FIELDS, report};
pub(super) use json::{clean_incident, clean_pauses};
pub use text::render;

use super::args::StatusArgs;
use super::ctx::Ctx;
use super::print;
use crate::exit::Exit;
use crate::zone;
use ctx::{exit, snapshot};
use std::time::Duration;

/// Runs the command.
pub fn run(args: &StatusArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    if let Some(seconds) = args.watch {
        return watch::run(args, Duration::from_secs(seconds.into()), ctx);
    }
    let snapshot = snapshot(ctx.store, ctx.now)?;
    let status = StatusCtx { max_age: args.max_age, ..StatusCtx::of(ctx.config, ctx.now, ctx.screen) };
    if args.json {
        print::json(ctx.out, &report(&snapshot, zone::data_version(), &status))?;
    } else {
        ctx.out.write_all(render(&snapshot, &status).as_bytes())?;
    }
    Ok(exit(snapshot.last_tick.as_ref(), &status))
}

#[cfg(test)]
mod tests;
