//! `savehub report`: what came of a stretch of time, for people (`text`), programs (`json`, `csv`) and the boss (`html`).
//!
//! Pure but for [`run`]: the store counts, `crate::report` adds up, and each form shows the same `ReportData`.

mod csv;
mod data;
mod html;
mod json;
mod text;
mod words;

pub use json::FIELDS;

use super::args::ReportArgs;
use super::ctx::Ctx;
use super::{pick, print, write};
use crate::config::Config;
use crate::exit::{Exit, UsageError};
use crate::report::span;
use crate::zone::{Zone, did_you_mean};

/// Runs the command.
pub fn run(args: &ReportArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let zone = zone(args.zone.as_deref(), ctx.config)?;
    let span = span::span(&args.since, args.until.as_deref(), ctx.now, &zone).map_err(|e| UsageError(e.to_string()))?;
    let data = data::collect(args, span, zone, ctx)?;
    match &args.html {
        Some(file) => {
            write::replace(file, &html::page(&data))?;
            if ctx.screen.width.is_some() {
                writeln!(ctx.out, "the page is {}", file.display())?;
            }
        }
        None if args.json => print::json(ctx.out, &json::report(&data))?,
        None if args.csv => ctx.out.write_all(csv::csv(&data).as_bytes())?,
        None => ctx.out.write_all(text::render(&data, ctx.screen).as_bytes())?,
    }
    Ok(Exit::Done)
}

/// The zone that was asked for, or that of the first person, or the system's.
fn zone(asked: Option<&str>, config: &Config) -> Result<Zone, UsageError> {
    let Some(name) = asked else {
        return Ok(pick::first_zone(&config.people));
    };
    Zone::named(name).ok_or_else(|| {
        let shown = crate::model::cut(&crate::model::printable(name), 60);
        let near = did_you_mean(name).map(|near| format!("; {}", near.replace('"', "`")));
        UsageError(format!("there is no zone `{shown}`{}", near.unwrap_or_else(|| "; write `Europe/Berlin`".into())))
    })
}

#[cfg(test)]
mod tests;
