//! The provider port: who reaches people, over whatever channel.
//!
//! A provider turns one request into one of the four [`Outcome`]s and decides nothing else: it never retries, never
//! reads a clock for a decision and never touches the store. A new provider is one file or folder here, one arm in
//! [`Registry`], and its table in the config.

pub mod checkup;
pub mod command;
pub mod email;
pub mod http;
pub mod mock;
mod payload;
pub mod presence;
mod registry;
pub mod test_mode;
pub mod twilio;
pub mod webhook;

pub use registry::{NotConfigured, Registry, build};
pub use twilio::{KEY_BIN, known_codes, meaning, refused_sender, remedy};

use crate::model::{
    Address, CallList, CallReport, Doubt, FenceReason, HangUp, Inbound, NotSent, NotSentCause, Outcome, Pace, Phone,
    ProviderKind, Reply, Request, RequestFacts, RungKind, Target, Timestamp,
};
use std::sync::Arc;
use std::time::Instant;

/// The last look before bytes leave. Asked right before the request, and again when the transport first asks for the
/// body (name resolution and TLS lie between; a thread that was given up must fail there, not send).
pub trait Gate: Send + Sync {
    /// `Err`: do not send. `Ok`: what can have an effect leaves now, and from now on everybody takes it that it did.
    fn pass(&self) -> Result<(), FenceReason>;

    /// The same, and not after `by`. What is too late has to be refused before anybody takes it that it left; when the
    /// gate itself took until then, that is [`FenceReason::StoreFailed`].
    fn pass_by(&self, by: Instant) -> Result<(), FenceReason> {
        self.pass()?;
        in_time(by)
    }

    /// The same question where nothing with an effect leaves yet: the gate is passed later.
    fn look(&self) -> Result<(), FenceReason> {
        self.pass()
    }
}

/// Is there still time? A gate that is asked in time and takes longer had to wait for the disk or the server.
pub fn in_time(by: Instant) -> Result<(), FenceReason> {
    if Instant::now() > by { Err(FenceReason::StoreFailed) } else { Ok(()) }
}

/// Why a call could not be read or ended. Reading and ending are safe to repeat, so every tick tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No complete answer: network, time-out, 5xx, 429.
    #[error("{0}")]
    Transient(String),
    /// The provider does not know this call.
    #[error("the provider does not know this call")]
    NotFound,
    /// Credentials or account.
    #[error("{0}")]
    Refused(String),
}

/// Someone who reaches people over one channel. What is said of calls below holds for messages too.
pub trait Provider: Send + Sync {
    /// Which provider this is.
    fn kind(&self) -> ProviderKind;

    /// The account calls are placed under (Twilio's account SID; `mock` for the mock phone). Not secret.
    fn account(&self) -> &str;

    /// What calls and messages may come from: numbers, a mailbox, or the name of this installation. At least one; each
    /// request names the one it comes from.
    fn senders(&self) -> Vec<Address>;

    /// How fast its calls may be started; `None`: as fast as they come.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// Does it answer at once, without asking anybody? Then nobody need wait for it beside other work.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// Places one call, or sends one message: at most one request that may have been processed, never repeated. Passes
    /// `gate` before each body leaves.
    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply;

    /// Reads a call. `now` is our wall time, for the skew against the provider's `Date` (and for the mock's turned
    /// clock).
    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError>;

    /// Ends a call; safe to repeat. The report is what the provider says afterwards.
    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError>;

    /// Can this provider be asked which calls it made? Without that, an unknown outcome stays unknown.
    fn keeps_a_list(&self) -> bool {
        false
    }

    /// Every outbound call to `to` from one of `from` that was made through the API, queued ones included. The whole
    /// list or an error: a list that is cut somewhere would make a call look absent. Safe to repeat.
    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        let _ = (to, from, now);
        Err(ProviderError::Refused("this provider keeps no list of its calls".into()))
    }
}

/// What is asked: what came in, by whom, to which of our numbers, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The number it came from; `None`: any.
    pub from: Option<&'a Phone>,
    /// Our number that it came to; `None`: any.
    pub to: Option<&'a Phone>,
    /// Nothing of an earlier day; what is earlier on that day may be listed, too.
    pub since: Timestamp,
    /// The page to go on with, as the one before names it; `None`: the first.
    pub page: Option<&'a str>,
    /// Our wall time.
    pub now: Timestamp,
}

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListPage<T> {
    /// What can be read of it.
    pub entries: Vec<T>,
    /// Why that may not be all of it.
    pub flaw: Option<ProviderError>,
    /// The page that follows; `None`: the list ends here.
    pub next: Option<String>,
}

/// Someone who can be asked what people said to our numbers. Asking changes nothing and is safe to repeat.
pub trait Hearing: Send + Sync {
    /// The numbers of the config that people may answer to.
    fn numbers(&self) -> &[Phone];

    /// A page of the messages that came in, oldest first.
    fn messages(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError>;

    /// A page of the calls that came in, picked up or not, oldest first.
    fn calls_back(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError>;

    /// A page of the keys that were pressed in calls of ours: the provider's id of each call, and what [`Hearing::keys`]
    /// would say of it. A question for all calls at once; of `ask`, no number counts.
    fn all_keys(&self, ask: &Ask<'_>) -> Result<ListPage<(String, char)>, ProviderError>;

    /// The key that was pressed in this call of ours: `1` or `2`; no other key is known.
    fn keys(&self, call_sid: &str, now: Timestamp) -> Result<Option<char>, ProviderError>;

    /// Why a key pressed in this time left no trace, as far as the account shows it.
    fn key_obstacle(&self, since: Timestamp, now: Timestamp) -> Result<Option<KeyObstacle>, ProviderError>;
}

/// Why a key leaves no trace that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyObstacle {
    /// It is a trial account, whose conferences all have the account's name.
    TrialAccount,
    /// A conference has come with the account's name.
    NamedByAccount,
}

/// Somebody who knows whether people are in their meetings.
pub trait Presence: Send + Sync {
    /// Is there anybody to ask about this person?
    fn knows(&self, person: &str) -> bool;

    /// Is this person in this meeting? `Err`: nobody can say, and why. Blocks, 6 s at most.
    fn is_there(&self, person: &str, facts: &RequestFacts, now: Timestamp) -> Result<bool, String>;
}

/// Every provider of this installation: those for new attempts, and those that made earlier ones.
pub trait Providers: Send + Sync {
    /// Who makes new attempts of this kind; `None` when the config has nobody for it.
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>>;

    /// Who can follow and end what an attempt of this kind made under `provider` and `account`; `None` when its account
    /// is no longer known.
    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>>;

    /// Who can be asked what people said; `None` where nobody can answer: the mock phone and test mode.
    fn hearing(&self) -> Option<Arc<dyn Hearing>> {
        None
    }

    /// Who can be asked whether somebody is in their meeting already; `None`: nobody, as in a dry run.
    fn presence(&self) -> Option<Arc<dyn Presence>> {
        None
    }
}

/// One provider for everything: tests, `demo`, `call-test --mock`.
pub struct Only(pub Arc<dyn Provider>);

impl Providers for Only {
    fn of(&self, _: RungKind) -> Option<Arc<dyn Provider>> {
        Some(Arc::clone(&self.0))
    }

    fn for_attempt(&self, _: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        (provider == self.0.kind() && account == self.0.account()).then(|| Arc::clone(&self.0))
    }
}

/// Says in the log what came of a mail, a webhook or a command.
fn log_reply(tag: &str, request: &Request, reply: &Reply) {
    let (to, ms) = (&request.to, reply.meta.elapsed_ms);
    match &reply.outcome {
        Outcome::Accepted(_) => log::info!("{tag} To={to}: taken in {ms} ms"),
        // That is no fault of the channel, and the tick says why.
        Outcome::NotSent(NotSent { cause: NotSentCause::Fenced(_), detail }) => log::debug!("{tag} To={to}: {detail}"),
        Outcome::NotSent(NotSent { detail, .. }) => log::error!("{tag} To={to}: not sent: {detail}"),
        Outcome::Unknown(Doubt { detail }) => log::error!("{tag} To={to}: nobody knows whether it arrived: {detail}"),
        Outcome::Rejected(refused) => log::error!("{tag} To={to}: refused: {}", refused.message),
    }
}
