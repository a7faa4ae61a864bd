//! `savehub call-test`: one call outside the ladder, through the same provider code, guards, record, log and masks.

use super::args::{CallTestArgs, MockEnd};
use super::ctx::Invocation;
use super::json::object;
use super::keypress::{self, KeyResult, Watch};
use super::print::{self, Screen};
use super::words::result_words;
use super::{open, pick};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::exit::{Exit, UsageError};
use crate::feed::NoFeeds;
use crate::model::{
    MeetingWords, MockOutcome, Phone, ProviderKind, RungKind, StepState, Timestamp, Voice, path_text, printable,
};
use crate::owner::Owner;
use crate::provider::mock::Mock;
use crate::provider::test_mode::TestMode;
use crate::provider::{NotConfigured, Only, Provider, Providers, Registry};
use crate::rules::message::Template;
use crate::store::sqlite::SqliteStore;
use crate::store::{StepResult, Store};
use crate::tick::{TestCall, World, test_call};
use crate::zone::Zone;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

/// Whom the mock phone calls when nobody is named: a fictional number.
const NOBODY: &str = "+12025550123";

/// The message says that a meeting starts in this time.
const STARTS_IN: Duration = Duration::from_secs(180);

/// By this time every mock call has ended.
const MOCK_ENDS: Duration = Duration::from_secs(120);

/// Runs the command.
pub(super) fn run(args: &CallTestArgs, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let config = Arc::new(if args.mock.is_some() { open::config_or_standard(file)? } else { open::config(file)? });
    let mut test = target(args, &config, now)?;
    if args.keypress {
        test.message = format!("{} {}", test.message, keypress::ASK);
    }
    let providers = providers(args, &config)?;
    let provider = providers.of(RungKind::Call).ok_or(NotConfigured)?;
    if args.keypress {
        keypress::possible(&config, provider.kind())?;
    }
    if provider.kind() == ProviderKind::Twilio && !args.yes && !confirmed(&test.to)? {
        writeln!(out, "no call was made")?;
        return Ok(Exit::Done);
    }
    let store = store(&config, provider.kind())?;
    let clock = Arc::new(SystemClock);
    let world =
        World { config: Arc::clone(&config), store, providers, feeds: Arc::new(NoFeeds), clock, me: Owner::me() };
    let result = test_call(&world, &test)?;
    let seen = if args.keypress { watch(&world, &result, provider.as_ref()) } else { None };
    show(args, (&result, seen.as_ref()), provider.as_ref(), now, screen, out)?;
    let done = result.state == StepState::Executed && (!args.keypress || seen.is_some_and(|s| s.key().is_some()));
    Ok(if done { Exit::Done } else { Exit::NotDone })
}

/// Waits for the key in a call that was placed.
fn watch(world: &World, result: &StepResult, provider: &dyn Provider) -> Option<KeyResult> {
    let (call, hearing) = (result.call_id.as_deref()?, world.providers.hearing()?);
    log::warn!("the call is on its way: pick up, and press 1 or 2");
    let ring_timeout = world.config.engine.ring_timeout;
    Some(Watch { provider, hearing: hearing.as_ref(), clock: world.clock.as_ref(), call, ring_timeout }.wait())
}

fn target(args: &CallTestArgs, config: &Config, now: Timestamp) -> anyhow::Result<TestCall> {
    let words = MeetingWords {
        uid: "call-test".into(),
        title: "A test call".into(),
        starts_at: now.plus(STARTS_IN),
        link: None,
    };
    if args.to.is_some() || (args.person.is_none() && config.people.is_empty() && args.mock.is_some()) {
        let typed = args.to.as_deref().unwrap_or(NOBODY);
        let to = Phone::parse(typed).map_err(|error| UsageError(format!("--to: {error}")))?;
        let message = Template::standard().render("there", &Zone::system(), &[words], now);
        return Ok(TestCall { person: "call-test".into(), to, message, voice: Voice::default() });
    }
    let person = pick::person(args.person.as_deref(), &config.people)?;
    Ok(TestCall {
        person: person.id.clone(),
        to: person.phone.clone(),
        message: person.message.render(&person.name, &person.zone, &[words], now),
        voice: person.voice.clone(),
    })
}

fn providers(args: &CallTestArgs, config: &Config) -> anyhow::Result<Arc<dyn Providers>> {
    if let Some(end) = args.mock {
        return Ok(Arc::new(Only(Arc::new(Mock::new(&[outcome(end)])))));
    }
    let registry = Registry::new(config)?;
    if args.test_mode && registry.calls().kind() != ProviderKind::Test {
        return Ok(Arc::new(Only(Arc::new(TestMode::new(registry.calls())))));
    }
    Ok(Arc::new(registry))
}

const fn outcome(end: MockEnd) -> MockOutcome {
    match end {
        MockEnd::Answered => MockOutcome::Answered,
        MockEnd::Busy => MockOutcome::Busy,
        MockEnd::NoAnswer => MockOutcome::NoAnswer,
        MockEnd::Voicemail => MockOutcome::Voicemail,
        MockEnd::Refused => MockOutcome::Refused,
        MockEnd::Timeout => MockOutcome::Timeout,
        MockEnd::LostReply => MockOutcome::LostReply,
    }
}

/// A mock call leaves no trace: it must not keep a real call to the same number waiting. A real one is written down
/// where there is a database; `call-test` makes none.
fn store(config: &Config, kind: ProviderKind) -> anyhow::Result<Arc<dyn Store>> {
    if kind != ProviderKind::Mock {
        if let Some(store) = open::store_if_any(config)? {
            return Ok(store);
        }
        if kind == ProviderKind::Twilio {
            let place = config.store.as_ref().map_or_else(|| path_text(&config.database), |s| s.name.clone());
            log::warn!("there is no database at {place} yet, so this call is not written down");
        }
    }
    Ok(Arc::new(SqliteStore::in_memory()?))
}

/// Asks on a terminal; elsewhere nobody can answer.
fn confirmed(to: &Phone) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(UsageError("this places a real call; add --yes, or rehearse with --mock".into()).into());
    }
    write!(std::io::stderr(), "Call {to} now? [y/N] ")?;
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// With `--json` the result, and with `--keypress` what became of the key; else a table.
fn show(
    args: &CallTestArgs,
    (result, seen): (&StepResult, Option<&KeyResult>),
    provider: &dyn Provider,
    now: Timestamp,
    screen: Screen,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if args.json {
        let key = seen.map(|seen| object! { key: seen.key(), key_words: seen.words() });
        let object = object! { #[serde(flatten)] result: result, #[serde(flatten)] key: key };
        return Ok(print::json(out, &object)?);
    }
    let mut rows = vec![
        vec!["status".to_owned(), result.status.to_owned()],
        vec!["provider".into(), provider.kind().to_string()],
        vec!["to".into(), result.to.clone().unwrap_or_default()],
        vec!["message".into(), result.message.clone().unwrap_or_default()],
    ];
    rows.extend(result.call_id.iter().map(|id| vec!["call id".to_owned(), id.clone()]));
    if result.state != StepState::Executed {
        rows.push(vec!["reason".into(), result_words(result, false)]);
    }
    rows.extend(seen.map(|seen| vec!["the key".to_owned(), seen.words()]));
    // The mock phone's call can be looked at to its end at once: its clock is ours to turn.
    if let (ProviderKind::Mock, Some(id)) = (provider.kind(), &result.call_id)
        && let Ok(report) = provider.fetch(id, now.plus(MOCK_ENDS))
    {
        let by = report.answered_by.map_or_else(String::new, |by| format!(", answered by {}", printable(&by)));
        rows.push(vec!["the phone".into(), format!("{}{by}", report.status)]);
    }
    write!(out, "{}", print::table(rows, screen.width))?;
    Ok(())
}
