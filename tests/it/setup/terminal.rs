//! `savehub init` on a terminal, which script(1) makes.

use super::{have, mode};
use crate::support::cli::Cli;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

/// Somebody at a terminal.
struct Typist {
    script: Child,
    seen: String,
    from: usize,
}

impl Typist {
    fn at(cli: &Cli, command: &str) -> Self {
        let mut script = Command::new("script");
        script.args(["-qec", command, "/dev/null"]).env_clear().env("HOME", cli.path("")).env("TZ", "UTC");
        script.env("PATH", "/usr/bin:/bin").env("TERM", "dumb").stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { script: script.spawn().unwrap(), seen: String::new(), from: 0 }
    }

    /// Waits until this stands on the terminal, after what was waited for before.
    fn sees(&mut self, text: &str) {
        while !self.seen[self.from..].contains(text) {
            let mut byte = [0];
            let read = self.script.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "`{text}` never came:\n{}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
        self.from = self.seen.len();
    }

    fn types(&mut self, line: &str) {
        writeln!(self.script.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Everything that stood on the terminal, and the exit code.
    fn ends(mut self) -> (String, i32) {
        drop(self.script.stdin.take());
        let mut rest = Vec::new();
        self.script.stdout.as_mut().unwrap().read_to_end(&mut rest).unwrap();
        let code = self.script.wait().unwrap().code().unwrap();
        (self.seen + &String::from_utf8_lossy(&rest), code)
    }
}

#[test]
fn on_a_terminal_everything_is_asked_bad_answers_again_and_the_token_is_not_seen() {
    if !have("script") {
        return;
    }
    let cli = Cli::new();
    let mut typist = Typist::at(&cli, &format!("{} init --offline", env!("CARGO_BIN_EXE_savehub")));
    for (question, answer) in [
        ("as it is spoken: ", "Ana"),
        ("country code: ", "555 0101"),
        ("  `phone` is not a number that can be called", ""),
        ("country code: ", "+1 202 555 0101"),
        ("Time zone [UTC]: ", "Europe/Berlin"),
        ("add meetings by hand): ", ""),
        ("or twilio [mock]: ", "twilio"),
        ("console shows it: ", "AC00000000000000000000000000000000"),
        ("calls come from: ", "+12025550100"),
        ("The auth token (not shown): ", "CANARY0token"),
    ] {
        typist.sees(question);
        if !question.starts_with("  ") {
            typist.types(answer);
        }
    }
    typist.sees("made the database");
    let (seen, code) = typist.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("CANARY"), "{seen}");
    let token = cli.path(".config/savehub/twilio_auth_token");
    assert_eq!((fs::read_to_string(&token).unwrap().as_str(), mode(&token)), ("CANARY0token\n", 0o600));
    assert!(cli.ok(&["config", "check"]).ends_with("calls by Twilio\n"));
}
