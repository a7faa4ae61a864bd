//! Logging in at the servers of addresses that hold a user and a password.
//!
//! Where nobody can listen the login is sent at once, in plain form (RFC 7617): some servers answer who does not log in
//! with something else than a 401. Where somebody can, the server is asked first what it wants. A server that wants a
//! digest gets one, and its nonce is used for the next requests too, with a count (RFC 7616 section 3.4).

use super::Address;
use super::digest::{Challenge, takes_basic};
use crate::model::hex;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use ureq::http::{HeaderMap, HeaderValue};

/// What servers have asked for so far.
#[derive(Default)]
pub(super) struct Logins(Mutex<HashMap<String, Wants>>);

/// What the server of an address wants.
enum Wants {
    /// The password itself.
    Plain,
    /// A digest; its nonce was used so many times.
    Digest(Challenge, u32),
}

impl Logins {
    /// The `Authorization` header of a request, if it has one.
    pub(super) fn header(&self, to: &Address, method: &str) -> Option<HeaderValue> {
        let login = to.login()?;
        let answer = match self.all().get_mut(&to.server()) {
            Some(Wants::Digest(challenge, used)) => {
                *used = used.saturating_add(1);
                challenge.answer(login, method, to.path_and_query(), *used, &unforeseen()?)
            }
            None if !(to.is_secure() || to.is_loopback()) => return None,
            Some(Wants::Plain) | None => login.plain(),
        };
        let mut header = HeaderValue::from_bytes(answer.as_bytes()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Takes in a 401. `true`: the same request with another login may be let in.
    pub(super) fn refused(&self, to: &Address, headers: &HeaderMap) -> bool {
        if to.login().is_none() {
            return false;
        }
        let (mut all, server) = (self.all(), to.server());
        if let Some(challenge) = Challenge::read(headers) {
            all.insert(server, Wants::Digest(challenge, 0));
            return true;
        }
        let unasked = !(to.is_secure() || to.is_loopback() || all.contains_key(&server)) && takes_basic(headers);
        if unasked {
            all.insert(server, Wants::Plain);
        }
        unasked
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Wants>> {
        // Each change of the map is one step: whoever panicked left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 bits that nobody can foresee, in hex.
fn unforeseen() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}
