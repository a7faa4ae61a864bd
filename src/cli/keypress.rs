//! `call-test --keypress`: does a key pressed in a call arrive? It tries the whole chain once, on the user's own
//! account: the call that asks for a key, the TwiML Bin, and the conference that the Bin leaves.

use crate::clock::Clock;
use crate::config::Config;
use crate::exit::UsageError;
use crate::model::{CallStatus, ProviderKind};
use crate::provider::{Hearing, KeyObstacle, Provider, ProviderError};
use std::time::Duration;

/// How long after the answer a key is waited for.
const WAIT: Duration = Duration::from_secs(60);

/// How long a call may take to be dialled, beside its ring time.
const QUEUED: Duration = Duration::from_secs(30);

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(2);

/// What is said at the end of the message.
pub(super) const ASK: &str = "Press 1 or 2 now.";

/// Can this config tell a key at all?
pub(super) fn possible(config: &Config, calls: ProviderKind) -> Result<(), UsageError> {
    if config.hear.key_bin.is_none() {
        let why = "--keypress needs `key_bin` under [hear]; savehub-hear(7) says how to set it up";
        return Err(UsageError(why.into()));
    }
    if calls != ProviderKind::Twilio {
        let why = "--keypress needs a real call: the provider twilio, and no test mode";
        return Err(UsageError(why.into()));
    }
    Ok(())
}

/// A call that was placed, and who can be asked about it.
pub struct Watch<'a> {
    /// Follows the call.
    pub provider: &'a dyn Provider,
    /// Knows the keys.
    pub hearing: &'a dyn Hearing,
    /// Time.
    pub clock: &'a dyn Clock,
    /// The provider's id of the call.
    pub call: &'a str,
    /// How long it rings.
    pub ring_timeout: Duration,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyResult {
    /// This key arrived.
    Key(char),
    /// Nobody picked up: how the call ended, or `None` when it did not in time.
    NotAnswered(Option<CallStatus>),
    /// The call was answered, and no key arrived; the reason, where it shows.
    NoKey(Option<KeyObstacle>),
    /// The provider could not be asked.
    Unreadable(String),
}

impl Watch<'_> {
    /// Waits for a key: until a minute after the answer.
    pub fn wait(&self) -> KeyResult {
        let started = self.clock.now();
        let boot = self.clock.boottime_ms();
        let mut until = boot.saturating_add(ms(self.ring_timeout.saturating_add(QUEUED)));
        let (mut answered, mut status, mut failed) = (false, None, None);
        loop {
            match self.provider.fetch(self.call, self.clock.now()) {
                Ok(report) => {
                    status = Some(report.status);
                    let picked_up = matches!(report.status, CallStatus::InProgress | CallStatus::Completed);
                    if picked_up && !answered {
                        answered = true;
                        until = self.clock.boottime_ms().saturating_add(ms(WAIT));
                    }
                    if report.status.is_final() && !picked_up {
                        return KeyResult::NotAnswered(status);
                    }
                }
                Err(error) => failed = Some(error),
            }
            if answered {
                match self.hearing.keys(self.call, self.clock.now()) {
                    Ok(Some(key)) => return KeyResult::Key(key),
                    Ok(None) => failed = None,
                    Err(error) => failed = Some(error),
                }
            }
            if self.clock.boottime_ms() >= until {
                break;
            }
            self.clock.sleep(PAUSE);
        }
        if let Some(error) = failed {
            return unreadable(&error);
        }
        if !answered {
            return KeyResult::NotAnswered(status.filter(|status| status.is_final()));
        }
        // Where that cannot be asked, such as with a key that may not read the account, nothing is known of it.
        KeyResult::NoKey(self.hearing.key_obstacle(started, self.clock.now()).ok().flatten())
    }
}

fn unreadable(error: &ProviderError) -> KeyResult {
    KeyResult::Unreadable(error.to_string())
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl KeyResult {
    /// The key, if one arrived.
    pub const fn key(&self) -> Option<char> {
        match self {
            Self::Key(key) => Some(*key),
            _ => None,
        }
    }

    /// In plain words, with what to do.
    pub fn words(&self) -> String {
        const TRIAL: &str = "a trial account gives every conference its own name, so keys work after an upgrade only";
        match self {
            Self::Key(key) => format!("{key} was pressed, and savehub saw it: keys work"),
            Self::NotAnswered(Some(status)) => format!("nobody picked up ({status}), so nothing was tried"),
            Self::NotAnswered(None) => "nobody picked up in time, so nothing was tried".into(),
            Self::NoKey(Some(KeyObstacle::TrialAccount)) => format!("no key arrived: {TRIAL}"),
            Self::NoKey(Some(KeyObstacle::NamedByAccount)) => {
                format!("a key arrived without its name: a conference is called like the account; {TRIAL}")
            }
            Self::NoKey(None) => {
                "no key 1 or 2 arrived within a minute of the answer; if one was pressed, check `key_bin` and the Bin's \
                 text (savehub-hear(7))"
                    .into()
            }
            Self::Unreadable(why) => format!("the provider could not be asked: {why}"),
        }
    }
}
