//! Commands: a program of the config, run once with the facts in its environment.
//!
//! Nothing of ours is in that environment but `PATH`, `HOME` and `LANG`: no token, no password. What the program says
//! goes to the log, cleaned and cut. When it is killed at its limit, nobody knows what it did before, so it is never
//! run twice for one step.

use super::payload::{MeetingPayload, Payload};
use super::{Gate, Provider, ProviderError};
use crate::config::{Channels, CommandConfig};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, Doubt, HangUp, NotSentCause, Outcome, ProviderKind, Rejection,
    RejectionClass, Reply, ReplyMeta, Request, Timestamp, cut, printable,
};
use crate::program::{Ended, Program};
use std::time::Instant;

/// The account of commands: they have none.
pub const COMMAND_ACCOUNT: &str = "command";

/// How much of a program's output is kept, in bytes.
const OUTPUT_MAX: usize = 4096;

/// How much of it stands in the log, in characters.
const OUTPUT_SHOWN: usize = 200;

/// Every command of the config.
#[derive(Debug)]
pub struct Commands(Channels);

impl Commands {
    /// The commands of a config, and the environment they get.
    pub fn new(channels: &Channels) -> Self {
        Self(channels.clone())
    }

    fn run(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let name = request.to.address.expose();
        let Some(command) = self.0.command(name) else {
            return Reply::not_sent(NotSentCause::Other, format!("the config has no [command.{}]", printable(name)));
        };
        let env = environment(&Payload::of(request), &self.0.environment);
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let started = Instant::now();
        let ran = program(command, &env).run();
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ran = match ran {
            Ok(ran) => ran,
            Err(why) => {
                let why = format!("the program cannot be started: {}", printable(&why.to_string()));
                return Reply::not_sent(NotSentCause::Other, why);
            }
        };
        let output = shown(&ran.output);
        if !output.is_empty() {
            log::info!("[COMMAND] {}: {output}", printable(name));
        }
        let outcome = outcome(ran.ended, command, &request.token);
        Reply { outcome, meta: ReplyMeta { elapsed_ms, ..ReplyMeta::default() } }
    }
}

impl Provider for Commands {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Command
    }

    fn account(&self) -> &str {
        COMMAND_ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        vec![Address::Named("savehub".into())]
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let reply = self.run(request, gate);
        super::log_reply("[COMMAND]", request, &reply);
        reply
    }

    fn fetch(&self, _: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }

    fn hang_up(&self, _: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }
}

fn program<'a>(command: &'a CommandConfig, env: &'a [(String, String)]) -> Program<'a> {
    Program {
        argv: command.argv.iter().map(String::as_str).collect(),
        env: Some(env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
        own_group: true,
        keep_stderr: true,
        keep: OUTPUT_MAX,
        limit: command.timeout,
    }
}

/// The beginning of what a program printed, in one line.
pub(super) fn shown(output: &[u8]) -> String {
    cut(&printable(&String::from_utf8_lossy(output)), OUTPUT_SHOWN)
}

fn outcome(ended: Ended, command: &CommandConfig, token: &str) -> Outcome {
    let refused =
        |code, message| Outcome::Rejected(Rejection { class: RejectionClass::Other, code, message, retry_after: None });
    match ended {
        Ended::Code(0) => Outcome::Accepted(Accepted { sid: format!("COMMAND-{token}"), status: CallStatus::Done }),
        Ended::Code(code) => refused(u32::try_from(code).ok(), format!("the program failed with exit code {code}")),
        Ended::Signal(signal) => refused(None, format!("the program was ended by signal {signal}")),
        Ended::Killed => {
            let limit = command.timeout.as_secs_f64();
            Outcome::Unknown(Doubt { detail: format!("the program did not end within {limit} s and was killed") })
        }
    }
}

/// The whole environment of a program: what it gets of ours, and the facts. Every name is always there; what is not
/// known is empty. No value holds a control character, so no NUL and no line's end.
pub(super) fn environment(payload: &Payload, ours: &[(String, String)]) -> Vec<(String, String)> {
    let first = payload.meetings.first();
    let all = |part: fn(&MeetingPayload) -> &str| payload.meetings.iter().map(part).collect::<Vec<_>>().join(" and ");
    let facts = [
        ("SAVEHUB_KEY", payload.key.clone()),
        ("SAVEHUB_KIND", payload.purpose.as_str().to_owned()),
        ("SAVEHUB_PERSON", payload.name.clone()),
        ("SAVEHUB_PERSON_ID", payload.person.clone()),
        ("SAVEHUB_EVENT", first.map(|m| m.uid.clone()).unwrap_or_default()),
        ("SAVEHUB_TITLE", all(|m| &m.title)),
        ("SAVEHUB_START", first.map(|m| m.starts_at.to_rfc3339()).unwrap_or_default()),
        ("SAVEHUB_MINUTES_LEFT", first.map(|m| m.minutes_left.to_string()).unwrap_or_default()),
        ("SAVEHUB_LINK", first.map(|m| m.link.clone()).unwrap_or_default()),
        ("SAVEHUB_SUBJECT", payload.subject.clone()),
        ("SAVEHUB_MESSAGE", printable(&payload.message)),
    ];
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value));
    ours.iter().cloned().chain(facts).collect()
}
