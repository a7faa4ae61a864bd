//! How a story is told and held against what is expected of it.

use crate::support::stand_in::StandIn;
use crate::support::world::World;
use savehub::cli::args::ExplainArgs;
use savehub::cli::print::Screen;
use savehub::cli::{Ctx, explain};
use savehub::model::{Accepted, CallReport, CallStatus, FenceReason, Outcome, ProviderKind, Reply, ReplyMeta};
use savehub::provider::ProviderError;
use savehub::provider::mock::Mock;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// One rung.
pub(crate) const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// A ladder with a message first.
pub(crate) const SMS: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n";

/// What the command prints.
pub(crate) fn explained(w: &World, what: &str, json: bool) -> Result<String, String> {
    let args = ExplainArgs { what: what.into(), person: None, json };
    let (mut out, mut hang_up) = (Vec::new(), |_| ());
    let mut ctx = Ctx {
        now: w.now(),
        config: &w.parts.config,
        store: w.parts.store.as_ref(),
        screen: Screen::PLAIN,
        out: &mut out,
        hang_up: &mut hang_up,
    };
    explain::run(&args, &mut ctx).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

/// The same as text, without what is random: the ids of the mock phone and of test mode, and the meeting's UID.
pub(crate) fn text(w: &World, what: &str) -> String {
    let text = explained(w, what, false).unwrap();
    let plain = |word: &str| -> String {
        for start in ["MOCK-", "TEST-"] {
            if let Some(at) = word.find(start) {
                let rest = word[at + start.len()..].trim_start_matches(|c: char| c.is_ascii_hexdigit());
                return format!("{}{start}…{rest}", &word[..at]);
            }
        }
        // UIDs count the meetings of this process.
        match word.strip_prefix("event-").and_then(|rest| rest.split_once(|c: char| !c.is_ascii_digit())) {
            Some((_, rest)) => format!("event-N,{rest}"),
            None => word.to_owned(),
        }
    };
    text.split(' ').map(plain).collect::<Vec<_>>().join(" ")
}

/// Holds a text against the file of this name. `SAVEHUB_EXPECT=write` writes the files anew, to be read before they are
/// committed.
#[track_caller]
pub(crate) fn is_as_expected(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/explain/expected/{name}.txt"));
    if std::env::var_os("SAVEHUB_EXPECT").is_some_and(|wish| wish == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text == expected, "{name}:\n{text}\nis not\n{expected}");
}

/// Every expected text of this folder, without its ending.
pub(crate) fn expected_in(folder: &str) -> Vec<String> {
    let dir: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/explain/expected").join(folder);
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// A Twilio that answers what the test says, and afterwards takes everything; its calls come to this end.
pub(crate) fn scripted(replies: impl IntoIterator<Item = Reply>, end: Option<CallReport>) -> Arc<StandIn> {
    let replies = Mutex::new(replies.into_iter().collect::<VecDeque<_>>());
    let mut twilio = StandIn::new(Arc::new(Mock::new(&[])))
        .placing(move |_, request, gate| {
            gate.pass().unwrap();
            let scripted = replies.lock().unwrap().pop_front();
            let sid = format!("CA-of-{}", request.facts.step.unwrap());
            scripted.unwrap_or_else(|| reply(Outcome::Accepted(Accepted { sid, status: CallStatus::Queued })))
        })
        .looking(move |_, _, _, _| end.clone().ok_or(ProviderError::NotFound));
    twilio.name = Some((ProviderKind::Twilio, "AC0001"));
    Arc::new(twilio)
}

/// An answer.
pub(crate) fn reply(outcome: Outcome) -> Reply {
    Reply { outcome, meta: ReplyMeta::default() }
}

/// It was taken, and is in this state.
pub(crate) fn taken(status: CallStatus) -> Reply {
    reply(Outcome::Accepted(Accepted { sid: "CA0001".into(), status }))
}

/// The last look said no.
pub(crate) fn fenced(reason: FenceReason) -> Reply {
    Reply::fenced(reason)
}
