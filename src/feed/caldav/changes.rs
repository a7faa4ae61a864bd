//! Has anything changed in a collection? One cheap question as a rule.

use super::answer::{Facts, names};
use super::known::State;
use super::questions;
use super::session::{Refusal, Reply, Session};
use super::xml::Ns;
use crate::feed::FetchFailure;
use crate::http::Address;

/// A server that has more changes to tell than this many answers hold has changed enough.
const ANSWERS_MAX: usize = 10;

/// What has come of asking.
pub(super) enum Since {
    /// Nothing has.
    Same,
    /// Something has, up to this state.
    Changed(State),
    /// The server cannot tell. `trust_tokens`: its next token may be asked with.
    Unknown { trust_tokens: bool },
}

/// Has anything changed since this state?
pub(super) fn since(session: &Session<'_>, at: &mut Address, state: &State) -> Result<Since, FetchFailure> {
    match state {
        State::Token(token) => since_token(session, at, token),
        State::Ctag(old) => {
            let Some(new) = facts(session, at)?.ctag else { return Ok(Since::Unknown { trust_tokens: true }) };
            Ok(if new == *old { Since::Same } else { Since::Changed(State::Ctag(new)) })
        }
    }
}

fn since_token(session: &Session<'_>, at: &mut Address, token: &str) -> Result<Since, FetchFailure> {
    let (mut token, mut changed) = (token.to_owned(), false);
    for _ in 0..ANSWERS_MAX {
        let answer = match session.ask(at, &questions::changes(&token))? {
            Reply::Multi(answer) => answer,
            Reply::Other(refusal) => return without_token(refusal),
        };
        let (collection, cut) = (at.place(), answer.is_cut());
        changed |= answer.responses.iter().any(|r| at.join(&r.href).is_none_or(|to| to.place() != collection));
        // Without a new token the next look would begin where this one did, and see the same changes.
        token = answer.token.unwrap_or(token);
        if !cut {
            let state = State::Token(token);
            // Some servers give another token for the same state; the old one is as good.
            return Ok(if changed { Since::Changed(state) } else { Since::Same });
        }
        changed = true;
    }
    Ok(Since::Unknown { trust_tokens: true })
}

/// A server that refuses a token names `valid-sync-token` as a rule, with one status or another; who refuses without a
/// word does not speak of changes at all. Only what is about every question is a failure.
fn without_token(refusal: Refusal) -> Result<Since, FetchFailure> {
    let refused_token =
        names(&refusal.body, Ns::Dav, "valid-sync-token") || matches!(refusal.status, 409 | 410 | 412 | 507);
    match refusal.status {
        401 | 404 | 429 | 500 | 502..=504 if !refused_token => Err(refusal.into()),
        _ => Ok(Since::Unknown { trust_tokens: refused_token }),
    }
}

/// What a collection says of itself.
pub(super) fn facts(session: &Session<'_>, at: &mut Address) -> Result<Facts, FetchFailure> {
    let answer = session.must(at, &questions::state())?;
    let place = at.place();
    let own = answer.responses.iter().find(|r| at.join(&r.href).is_some_and(|to| to.place() == place));
    Ok(own.or(answer.responses.first()).map(super::answer::Response::facts).unwrap_or_default())
}
