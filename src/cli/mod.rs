//! The command line: one small file per command, each against the [`Store`] port and the checked [`Config`].
//!
//! The way of every command: parse ([`args`]) -> log -> config -> store (`open`) -> run -> exit code
//! ([`crate::exit`]). Only here does the program meet the process: environment, terminal, clock.

pub mod args;
mod calendar;
mod call_test;
pub mod checkin;
mod config;
mod db;
mod demo;
pub mod doctor;
pub mod explain;
pub mod generate;
mod import;
mod init;
pub mod keypress;
pub mod meeting;
mod open;
pub mod pause;
pub mod pick;
pub mod plan;
pub mod print;
pub mod report;
pub mod resolve;
pub mod resume;
pub mod status;
#[cfg(test)]
mod testing;
mod tick;
pub mod vcard;
mod watchdog;
mod watched;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, ConfigError};
use crate::exit::Exit;
use crate::model::{IncidentId, Timestamp};
use crate::store::sqlite::Create;
use crate::store::{Ended, Store};
use args::{Cli, ColorWhen, Command, GenerateCommand, MeetingCommand};
use print::{Paint, Patient, Screen};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

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
pub fn run(cli: &Cli) -> ExitCode {
    keep_secrets_in();
    let wish = match cli.global.color {
        ColorWhen::Auto => None,
        ColorWhen::Always => Some(true),
        ColorWhen::Never => Some(false),
    };
    let errors = Screen::stderr(wish).paint;
    // The demo tells its story itself; `-v` adds the log of the engine.
    let quiet = cli.global.quiet || (matches!(cli.command, Command::Demo) && cli.global.verbose == 0);
    crate::log::init(cli.global.verbose, quiet, errors.is_on());
    let mut out = Patient::new(std::io::stdout().lock());
    let done = dispatch(cli, Screen::stdout(wish), &mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    let exit = done.unwrap_or_else(|error| {
        let exit = Exit::of(&error);
        if exit != Exit::Done {
            // Nothing is left to tell it to when stderr is gone.
            let _ = writeln!(std::io::stderr(), "{}", told(&error, errors));
        }
        exit
    });
    exit.into()
}

/// A process that dies must not leave its secrets behind: no core dump, and no words of a panic but its place.
fn keep_secrets_in() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    // Where the limit cannot be lowered it is none of ours to raise.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        log::error!("internal error at {place}; please report it");
    }));
}

/// A config error brings its own picture; every other error is one line.
fn told(error: &anyhow::Error, paint: Paint) -> String {
    match error.downcast_ref::<ConfigError>() {
        Some(config) => config.render(paint.is_on()),
        None => format!("{} {error:#}", paint.alarm("error:")),
    }
}

fn dispatch(cli: &Cli, screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let file = cli.global.config.as_deref();
    match &cli.command {
        Command::Tick(args) => tick::run(args, file, screen, out),
        Command::Checkin(args) => with_store(file, Create::No, screen, out, |ctx| checkin::run(args, ctx)),
        Command::Resolve(args) => with_store(file, Create::No, screen, out, |ctx| resolve::run(args, ctx)),
        Command::Status(args) => with_store(file, Create::No, screen, out, |ctx| status::run(args, ctx)),
        Command::Pause(args) => with_store(file, Create::No, screen, out, |ctx| pause::run(args, ctx)),
        Command::Resume(args) => with_store(file, Create::No, screen, out, |ctx| resume::run(args, ctx)),
        Command::Report(args) => with_store(file, Create::No, screen, out, |ctx| report::run(args, ctx)),
        Command::Doctor(args) => doctor::run(args, file, screen, SystemClock.now(), out),
        Command::Explain(args) => with_store(file, Create::No, screen, out, |ctx| explain::run(args, ctx)),
        Command::Plan(args) => plan::run(args, file, cli.global.verbose > 0, screen, out),
        Command::Meeting(command) => {
            // Only what records something new makes a database; the others say that there is none.
            let add = matches!(command, MeetingCommand::Add(_));
            let create = if add { Create::Yes } else { Create::No };
            with_store(file, create, screen, out, |ctx| meeting::run(command, ctx))
        }
        Command::Calendar(command) => calendar::run(command, file, screen, SystemClock.now(), out),
        Command::Import(args) => with_store(file, Create::Yes, screen, out, |ctx| import::run(args, ctx)),
        Command::CallTest(args) => call_test::run(args, file, screen, SystemClock.now(), out),
        Command::Db(command) => db::run(command, file, out),
        Command::Demo => demo::run(screen, out),
        Command::Generate(GenerateCommand::Man(args)) => generate::man(args, out),
        Command::Generate(GenerateCommand::Vcard(args)) => vcard::run(args, &open::config(file)?, out),
        Command::Generate(GenerateCommand::Systemd(args)) => generate::schedule::systemd(args, file, out),
        Command::Generate(GenerateCommand::Cron(args)) => generate::schedule::cron(args, file, out),
        Command::Generate(GenerateCommand::Completions(args)) => generate::completions::run(args, out),
        Command::Config(command) => config::run(command, file, screen, out),
        Command::Init(args) => init::run(args, file, screen, out),
    }
}

/// Runs a command on the store of the config.
fn with_store(
    file: Option<&Path>,
    create: Create,
    screen: Screen,
    out: &mut dyn Write,
    command: impl FnOnce(&mut Ctx<'_>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let config = Arc::new(open::config(file)?);
    let store = open::store(&config, create)?;
    let mut hang_up = |incident| hang_up(&config, &store, incident);
    command(&mut Ctx {
        now: SystemClock.now(),
        config: &config,
        store: store.as_ref(),
        screen,
        out,
        hang_up: &mut hang_up,
    })
}

/// Hangs up at once what a check-in left to hang up. What fails is logged, and tried again by every tick.
fn hang_up(config: &Arc<Config>, store: &Arc<dyn Store>, incident: IncidentId) {
    let done = open::world(config, store, Arc::new(SystemClock))
        .and_then(|world| Ok(crate::tick::hang_up_now(&world, incident)?));
    if let Err(error) = done {
        log::warn!("[CALL] the calls of {incident} are left to the next tick to hang up: {error:#}");
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
