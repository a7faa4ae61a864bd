//! The answers: asked for on a terminal, or said on the command line. Each is looked at by the checker of the config, so
//! that what passes here passes there, and the reasons are the same.

use super::text::{self, Account, Answers, Calendar, Token};
use crate::cli::args::{InitArgs, InitProvider};
use crate::cli::unseen::unseen;
use crate::config::{CalendarConfig, CalendarPlace, ConfigError, Env, WebAddress, from_text};
use crate::exit::UsageError;
use crate::zone::{SystemZone, Zone};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{BufRead, Write};
use std::path::Path;

/// An address among the arguments was shown to others already.
const ADDRESS_SEEN: &str = "warning: the address of the calendar is a password, and other users can see what stands on a \
                            command line, as does the shell's history; `--calendar -` reads it from standard input";

/// Somebody who answers.
pub(super) struct Asker<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
    /// Is standard input a terminal? Then secrets can be typed unseen.
    pub(super) terminal: bool,
    pub(super) env: &'a Env<'a>,
}

/// Asks for everything that was not said.
pub(super) fn ask(args: &InitArgs, asker: &mut Asker<'_>) -> anyhow::Result<Answers> {
    for_twilio(args, |_| true)?;
    let mut answers = said(args, asker)?;
    if args.name.is_none() {
        answers.name = asker.ask("Who is called? The name, as it is spoken", None, name)?;
    }
    if args.phone.is_none() {
        answers.phone = asker.ask("The number to call, with the country code", None, phone)?;
    }
    if args.zone.is_none() {
        // Where `TZ` is not known, the answer is.
        let default = system_zone().unwrap_or_default();
        answers.zone = Some(asker.ask("Time zone", default.as_deref(), zone)?).filter(|zone| !zone.is_empty());
    }
    if args.calendar.is_none() {
        let env = asker.env;
        let question = "Calendar: a file, or its secret address (empty: none, add meetings by hand)";
        answers.calendar = asker
            .ask(question, Some(""), |typed| calendar(typed, env).map(|found| (typed.to_owned(), found)))
            .map(|(_, found)| found)?;
    }
    let provider = match args.provider {
        Some(provider) => provider,
        None => asker.ask("Who places calls: mock (a rehearsal, no phone rings) or twilio", Some("mock"), provider)?,
    };
    if provider == InitProvider::Twilio {
        answers.account = Some(account(args, asker)?);
    }
    Ok(answers)
}

/// Takes everything from the command line; what is missing and has no default is a mistake.
pub(super) fn without_questions(args: &InitArgs, asker: &mut Asker<'_>) -> anyhow::Result<Answers> {
    if !args.yes {
        let why = "nobody can be asked here: add --yes, with --name and --phone; --zone, --calendar, and --provider twilio \
                   with --account-sid and --from are there, too";
        return Err(UsageError(why.into()).into());
    }
    let twilio = args.provider == Some(InitProvider::Twilio);
    let token = token_of(asker.env).is_some() || args.auth_token_file.is_some();
    let needed = [
        ("--name NAME", args.name.is_some()),
        ("--phone NUMBER", args.phone.is_some()),
        ("--account-sid SID", !twilio || args.account_sid.is_some()),
        ("--from NUMBER", !twilio || args.from.is_some()),
        ("the token in TWILIO_AUTH_TOKEN, or --auth-token-file FILE", !twilio || token),
    ];
    let missing: Vec<&str> = needed.iter().filter(|(_, there)| !there).map(|(what, _)| *what).collect();
    if !missing.is_empty() {
        return Err(UsageError(format!("with --yes nothing is asked, so it needs: {}", missing.join(", "))).into());
    }
    for_twilio(args, |provider| provider == Some(InitProvider::Twilio))?;
    let mut answers = said(args, asker)?;
    if args.zone.is_none() {
        answers.zone = system_zone()?;
    }
    if twilio {
        answers.account = Some(account(args, asker)?);
    }
    Ok(answers)
}

/// What an account is for must be said: an account alone rings nobody, and nobody would see why.
fn for_twilio(args: &InitArgs, fits: impl Fn(Option<InitProvider>) -> bool) -> Result<(), UsageError> {
    let said = args.account_sid.is_some() || args.from.is_some() || args.auth_token_file.is_some();
    if said && (args.provider == Some(InitProvider::Mock) || !fits(args.provider)) {
        return Err(UsageError("--account-sid, --from and --auth-token-file are for --provider twilio".into()));
    }
    Ok(())
}

/// The name of the system's zone, if it has one.
fn system_zone() -> Result<Option<String>, UsageError> {
    let system = SystemZone::here();
    let name = system.zone.name();
    match system.trouble() {
        Some(trouble) => Err(UsageError(format!("{trouble} Or name the zone with --zone"))),
        None => Ok((name != "local").then(|| name.to_owned())),
    }
}

/// What was said on the command line.
fn said(args: &InitArgs, asker: &mut Asker<'_>) -> anyhow::Result<Answers> {
    let mut answers = Answers::default();
    if let Some(typed) = &args.name {
        answers.name = flag("--name", name(typed))?;
    }
    if let Some(typed) = &args.phone {
        answers.phone = flag("--phone", phone(typed))?;
    }
    if let Some(typed) = &args.zone {
        answers.zone = Some(flag("--zone", zone(typed))?);
    }
    if let Some(typed) = &args.calendar {
        let from_arguments = typed != "-";
        let typed = if typed == "-" { asker.hidden("The address of the calendar (not shown)")? } else { typed.clone() };
        let none = || Err("name a file, or an address that starts with https://".to_owned());
        let found = flag("--calendar", calendar(&typed, asker.env).and_then(|found| found.map_or_else(none, Ok)))?;
        if from_arguments && matches!(found, Calendar::Address(_)) {
            writeln!(asker.output, "{ADDRESS_SEEN}")?;
        }
        answers.calendar = Some(found);
    }
    Ok(answers)
}

fn account(args: &InitArgs, asker: &mut Asker<'_>) -> anyhow::Result<Account> {
    let sid = match &args.account_sid {
        Some(typed) => flag("--account-sid", account_sid(typed))?,
        None => asker.ask("The account SID (AC…), as the Twilio console shows it", None, account_sid)?,
    };
    let from = match &args.from {
        Some(typed) => flag("--from", phone(typed))?,
        None => asker.ask("The number that calls come from", None, phone)?,
    };
    let token = match (&args.auth_token_file, token_of(asker.env)) {
        (Some(file), _) => {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            Token::File(flag("--auth-token-file", token_file(&file))?)
        }
        (None, Some(token)) => Token::Here(token),
        (None, None) => Token::Here(asker.token()?),
    };
    Ok(Account { sid, from, token })
}

/// The token goes into a file, since a scheduler does not have the environment of a shell.
fn token_of(env: &Env<'_>) -> Option<SecretString> {
    env("TWILIO_AUTH_TOKEN").filter(|token| !token.is_empty()).map(SecretString::from)
}

fn token_file(path: &Path) -> Result<String, String> {
    let text = path.to_str().ok_or("its path is not text")?;
    if path.is_file() { Ok(text.to_owned()) } else { Err("there is no such file".into()) }
}

fn flag<T>(name: &str, checked: Result<T, String>) -> Result<T, UsageError> {
    checked.map_err(|why| UsageError(format!("{name}: {why}")))
}

impl Asker<'_> {
    /// Asks until the answer fits. An empty answer is the default, where there is one.
    fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        fits: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<T> {
        loop {
            match default.filter(|default| !default.is_empty()) {
                Some(default) => write!(self.output, "{question} [{default}]: ")?,
                None => write!(self.output, "{question}: ")?,
            }
            self.output.flush()?;
            let typed = self.line()?;
            let typed = match (typed.trim(), default) {
                ("", Some(default)) => default,
                (typed, _) => typed,
            };
            match fits(typed) {
                Ok(answer) => return Ok(answer),
                Err(why) => writeln!(self.output, "  {why}")?,
            }
        }
    }

    /// Asks for a token until it can be one.
    fn token(&mut self) -> anyhow::Result<SecretString> {
        loop {
            let token = self.hidden("The auth token (not shown)")?;
            if !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()) {
                return Ok(SecretString::from(token));
            }
            writeln!(self.output, "  a token is one word without spaces; copy it from the Twilio console")?;
        }
    }

    /// Reads a line that nobody sees.
    fn hidden(&mut self, question: &str) -> anyhow::Result<String> {
        if !self.terminal {
            return Ok(self.line()?.trim().to_owned());
        }
        let (asked, line) = unseen(|| {
            let asked = write!(self.output, "{question}: ").and_then(|()| self.output.flush());
            (asked, self.line())
        })?;
        asked?;
        writeln!(self.output)?;
        Ok(line?.trim().to_owned())
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            // The question stands on this line.
            writeln!(self.output)?;
            return Err(UsageError("no answer came; nothing was written".into()).into());
        }
        Ok(line)
    }
}

fn name(typed: &str) -> Result<String, String> {
    let typed = typed.trim();
    tried(|answers| typed.clone_into(&mut answers.name))?;
    Ok(typed.to_owned())
}

/// A number; people write spaces, dashes and parentheses in it.
fn phone(typed: &str) -> Result<String, String> {
    let typed: String = typed.chars().filter(|c| !(c.is_whitespace() || "-().".contains(*c))).collect();
    tried(|answers| answers.phone.clone_from(&typed))?;
    Ok(typed)
}

fn zone(typed: &str) -> Result<String, String> {
    tried(|answers| answers.zone = Some(typed.to_owned()))?;
    Ok(Zone::named(typed).map_or_else(|| typed.to_owned(), |zone| zone.name().to_owned()))
}

fn account_sid(typed: &str) -> Result<String, String> {
    let account = |token: &str| Account {
        sid: typed.into(),
        from: "+12025550100".into(),
        token: Token::Here(token.to_owned().into()),
    };
    tried(|answers| answers.account = Some(account("x")))?;
    Ok(typed.to_owned())
}

fn provider(typed: &str) -> Result<InitProvider, String> {
    match typed.to_ascii_lowercase().as_str() {
        "mock" => Ok(InitProvider::Mock),
        "twilio" => Ok(InitProvider::Twilio),
        _ => Err("write mock or twilio".into()),
    }
}

/// A file that is there, or an address; nothing where nothing was typed. An address is not asked yet.
fn calendar(typed: &str, env: &Env<'_>) -> Result<Option<Calendar>, String> {
    if typed.is_empty() {
        return Ok(None);
    }
    match CalendarPlace::typed(typed, env, &CalendarConfig::default())? {
        CalendarPlace::Web(WebAddress::Here(address)) => Ok(Some(Calendar::Address(address))),
        CalendarPlace::File(path) if path.is_file() => {
            let path = path.to_str().ok_or("its path is not text")?;
            Ok(Some(Calendar::File(path.to_owned())))
        }
        _ => Err("there is no such file".into()),
    }
}

/// Is a config with this answer right? Otherwise what the checker says about it.
fn tried(with: impl FnOnce(&mut Answers)) -> Result<(), String> {
    let mut answers = Answers { name: "Ana".into(), phone: "+12025550101".into(), ..Answers::default() };
    with(&mut answers);
    let token = answers.token().map(|token| token.expose_secret().to_owned());
    let env = |name: &str| match name {
        "HOME" => Some("/".to_owned()),
        "TWILIO_AUTH_TOKEN" => token.clone(),
        _ => None,
    };
    match from_text(&text::config(&answers, None), Path::new("config.toml"), &env) {
        Ok(_) => Ok(()),
        Err(ConfigError::Problems(problems)) => {
            Err(problems.found().into_iter().next().map_or_else(String::new, |found| {
                std::iter::once(found.problem).chain(found.help).collect::<Vec<_>>().join(": ")
            }))
        }
        Err(other) => Err(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use clap::Parser as _;

    fn args(line: &str) -> InitArgs {
        let words = format!("savehub init {line}");
        match Cli::try_parse_from(words.split_whitespace()) {
            Ok(Cli { command: Command::Init(args), .. }) => args,
            _ => panic!("{line}"),
        }
    }

    /// The answers, and what was asked.
    fn asked(line: &str, typed: &str) -> (anyhow::Result<Answers>, String) {
        let (mut input, mut output) = (typed.as_bytes(), Vec::new());
        let answers =
            ask(&args(line), &mut Asker { input: &mut input, output: &mut output, terminal: false, env: &|_| None });
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn everything_is_asked_once_and_an_empty_answer_is_the_default() {
        let (answers, asked) = asked("--zone Europe/Berlin", "Ana\n+1 (202) 555-0101\n\n\n");
        let answers = answers.unwrap();
        assert_eq!((answers.name.as_str(), answers.phone.as_str()), ("Ana", "+12025550101"));
        assert!(answers.calendar.is_none() && answers.account.is_none());
        assert_eq!(
            asked,
            "Who is called? The name, as it is spoken: The number to call, with the country code: Calendar: a file, or \
             its secret address (empty: none, add meetings by hand): Who places calls: mock (a rehearsal, no phone \
             rings) or twilio [mock]: "
        );
    }

    #[test]
    fn a_bad_answer_is_asked_for_again_with_the_reason_the_checker_gives() {
        let typed = "\nAna\n2025550101\n+12025550101\nBerln\nberlin\nEurope/Berlin\nnowhere.ics\n\nfax\nmock\n";
        let (answers, asked) = asked("", typed);
        assert_eq!(answers.unwrap().zone.as_deref(), Some("Europe/Berlin"));
        for reason in [
            "  the name is empty: write the name as it is spoken\n",
            "  `phone` is not a number that can be called: a number starts with `+` and the country code, such as \
             +12025550123\n",
            "  unknown time zone `berlin`: did you mean \"Europe/Berlin\"?\n",
            "  there is no such file\n",
            "  write mock or twilio\n",
        ] {
            assert!(asked.contains(reason), "{reason} is not in:\n{asked}");
        }
    }

    #[test]
    fn an_account_is_asked_for_when_twilio_is_chosen_and_its_token_must_be_one() {
        let line = "--name Ana --phone +12025550101 --zone UTC --provider twilio";
        let (answers, asked) = asked(line, "\nXX1\nAC00\n+12025550100\n\nto ken\ntoken\n");
        let account = answers.unwrap().account.unwrap();
        assert_eq!((account.sid.as_str(), account.from.as_str()), ("AC00", "+12025550100"));
        assert!(matches!(account.token, Token::Here(token) if token.expose_secret() == "token"));
        for reason in ["`account_sid` must be AC", "  a token is one word without spaces; copy it"] {
            assert!(asked.contains(reason), "{reason} is not in:\n{asked}");
        }
    }

    #[test]
    fn an_address_of_a_calendar_is_kept_apart_as_a_secret() {
        let line = "--name Ana --phone +12025550101 --zone UTC --provider mock";
        let (answers, asked) = asked(line, "ftp://example.com/x.ics\nwebcal://example.com/SECRET.ics\n");
        let Some(Calendar::Address(address)) = answers.unwrap().calendar else { panic!("{asked}") };
        assert_eq!(address.expose_secret(), "https://example.com/SECRET.ics");
        assert!(
            asked.contains("  an address starts with https:// or webcal://\n") && !asked.contains("SECRET"),
            "{asked}"
        );
    }

    #[test]
    fn when_no_answer_comes_nothing_is_made_up() {
        let (answers, _) = asked("", "Ana\n");
        let error = answers.map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "no answer came; nothing was written");
    }
}
