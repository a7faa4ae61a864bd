//! The command line: one small file per command, each against the [`Store`] port and the checked [`Config`].
//!
//! The way of every command: parse ([`args`]) -> log -> config -> store -> run -> exit code ([`crate::exit`]). What the
//! commands need from the rest of savehub comes in through [`Parts`].

pub mod args;
pub mod checkin;
pub mod generate;
pub mod meeting;
mod parts;
pub mod pick;
pub mod print;
pub mod resolve;
pub mod status;
#[cfg(test)]
mod testing;

pub use parts::{NotBuilt, Parts, Savehub};

use crate::config::Config;
use crate::exit::Exit;
use crate::model::{IncidentId, Timestamp};
use crate::store::{Ended, Store};
use args::{Cli, ColorWhen, Command, GenerateCommand, MeetingCommand};
use print::{Patient, Screen};
use std::io::Write;
use std::process::ExitCode;

/// What a command works with.
pub struct Ctx<'a> {
    /// Wall time, read once.
    pub now: Timestamp,
    /// The checked config.
    pub config: &'a Config,
    /// The open store.
    pub store: &'a dyn Store,
    /// How to show things.
    pub screen: Screen,
    /// Where results go.
    pub out: &'a mut dyn Write,
    /// Hangs up the calls of an incident that has just ended. Asked after the result was shown: it may take a while.
    pub hang_up: &'a mut dyn FnMut(IncidentId),
}

impl Ctx<'_> {
    /// Shows a line, then hangs up what `ended` left to hang up, even when nobody could be shown the line.
    fn finish(&mut self, line: &str, ended: Option<&Ended>) -> anyhow::Result<Exit> {
        let shown = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        if let Some(ended) = ended.filter(|e| e.hang_ups > 0) {
            (self.hang_up)(ended.incident);
        }
        shown?;
        Ok(Exit::Done)
    }
}

/// Runs a command to its exit code; errors are told on stderr.
pub fn run(cli: &Cli, parts: &dyn Parts) -> ExitCode {
    let wish = match cli.global.color {
        ColorWhen::Auto => None,
        ColorWhen::Always => Some(true),
        ColorWhen::Never => Some(false),
    };
    let errors = Screen::stderr(wish).paint;
    crate::log::init(cli.global.verbose, cli.global.quiet, errors.is_on());
    let mut out = Patient::new(std::io::stdout().lock());
    let done = dispatch(cli, parts, Screen::stdout(wish), &mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    let exit = done.unwrap_or_else(|error| {
        let exit = Exit::of(&error);
        if exit != Exit::Done {
            // Nothing is left to tell it to when stderr is gone.
            let _ = writeln!(std::io::stderr(), "{} {error:#}", errors.alarm("error:"));
        }
        exit
    });
    exit.into()
}

fn dispatch(cli: &Cli, parts: &dyn Parts, screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let file = cli.global.config.as_deref();
    // Only what records something new makes a database; the others say that there is none.
    let makes_database = matches!(cli.command, Command::Meeting(MeetingCommand::Add(_)));
    let mut with_store = |command: &dyn Fn(&mut Ctx<'_>) -> anyhow::Result<Exit>| {
        let config = parts.config(file)?;
        let store = parts.store(&config, makes_database)?;
        let mut hang_up = |incident| parts.hang_up(&config, &*store, incident);
        command(&mut Ctx {
            now: parts.now(),
            config: &config,
            store: &*store,
            screen,
            out: &mut *out,
            hang_up: &mut hang_up,
        })
    };
    match &cli.command {
        Command::Checkin(args) => with_store(&|ctx| checkin::run(args, ctx)),
        Command::Resolve(args) => with_store(&|ctx| resolve::run(args, ctx)),
        Command::Status(args) => with_store(&|ctx| status::run(args, ctx)),
        Command::Meeting(command) => with_store(&|ctx| meeting::run(command, ctx)),
        Command::Tick(args) => parts.tick(args, file, screen, out),
        Command::CallTest(args) => parts.call_test(args, file, screen, out),
        Command::Demo => parts.demo(screen, out),
        Command::Generate(GenerateCommand::Man(args)) => generate::man(&args.dir, out),
    }
}

/// `, 2 pending steps cancelled, 1 call to hang up`; nothing for what did not happen.
fn effects(ended: &Ended) -> String {
    let steps = (ended.cancelled_steps, "pending step", "cancelled");
    let calls = (ended.hang_ups, "call", "to hang up");
    let told = [steps, calls].into_iter().filter(|(n, ..)| *n > 0);
    told.map(|(n, what, done)| format!(", {} {done}", counted(n, what))).collect::<Vec<_>>().concat()
}

/// `1 call`, `2 calls`.
fn counted(n: u32, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
