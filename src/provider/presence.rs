//! Is the person in the meeting already? Asked just before a rung, so that nobody is called out of their own meeting.

use super::Presence;
use super::command::{environment, shown};
use super::payload::Payload;
use crate::config::Config;
use crate::model::{RequestFacts, Timestamp, printable};
use crate::program::{Ended, Program};
use std::time::Duration;

/// How long one may think about it: a rung waits for the answer.
pub const LIMIT: Duration = Duration::from_secs(5);

/// How much of a program's output is kept, in bytes.
const OUTPUT_MAX: usize = 4096;

/// Every `presence_command` of a config: exit code 0 means that the person is there, 1 that they are not.
#[derive(Clone)]
pub struct PresenceCommands {
    /// The ids of people, with a program and its arguments.
    people: Vec<(String, Vec<String>)>,
    environment: Vec<(String, String)>,
    limit: Duration,
}

impl PresenceCommands {
    /// Those of a config.
    pub fn new(config: &Config) -> Self {
        let people = config.people.iter().filter_map(|p| Some((p.id.clone(), p.presence_command.clone()?)));
        Self { people: people.collect(), environment: config.channels.environment.clone(), limit: LIMIT }
    }

    /// The same with another limit.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    fn ask(&self, argv: &[String], payload: &Payload) -> Result<bool, String> {
        let env = environment(payload, &self.environment);
        let program = Program {
            argv: argv.iter().map(String::as_str).collect(),
            env: Some(env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
            own_group: true,
            keep_stderr: true,
            keep: OUTPUT_MAX,
            limit: self.limit,
        };
        let ran =
            program.run().map_err(|why| format!("the program cannot be started: {}", printable(&why.to_string())))?;
        let end = match ran.ended {
            Ended::Code(0) => return Ok(true),
            Ended::Code(1) => return Ok(false),
            Ended::Code(code) => format!("exit code {code}"),
            Ended::Signal(signal) => format!("ended by signal {signal}"),
            Ended::Killed => format!("no end within {} s", self.limit.as_secs_f64()),
        };
        Err(format!("{end} {}", shown(&ran.output)).trim_end().to_owned())
    }
}

impl Presence for PresenceCommands {
    fn knows(&self, person: &str) -> bool {
        self.people.iter().any(|(id, _)| id == person)
    }

    fn is_there(&self, person: &str, facts: &RequestFacts, now: Timestamp) -> Result<bool, String> {
        let known = self.people.iter().find(|(id, _)| id == person);
        let (_, argv) = known.ok_or_else(|| "there is no `presence_command`".to_owned())?;
        self.ask(argv, &Payload::of_facts(person, facts, now))
    }
}
