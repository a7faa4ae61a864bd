//! Asking a CalDAV server, within one time limit: redirects by hand, and the login only where it may go.

use super::answer::Answer;
use super::family::may_have_login;
use super::questions::Asked;
use crate::config::CalendarConfig;
use crate::feed::FetchFailure;
use crate::feed::web::{SAVEHUB, may_be_asked, next};
use crate::http::{Address, Getter, Question, Unanswered, retry_after};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::{Duration, Instant};

/// Redirects that are followed for one question: a server's own, such as Baïkal's 308.
const REDIRECTS_MAX: usize = 5;

/// The longest error that is read, in bytes.
const ERROR_MAX: usize = 64 * 1024;

/// Who logs in.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// What a server answers.
pub(super) enum Reply {
    /// A multistatus.
    Multi(Answer),
    /// Another status than 207, with its body, if that is short.
    Other(Refusal),
}

/// An answer that is no multistatus.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: String,
    wait: Option<Duration>,
}

impl From<Refusal> for FetchFailure {
    fn from(refusal: Refusal) -> Self {
        Self { why: words(refusal.status), retry_after: refusal.wait, unreached: false }
    }
}

/// The questions of one look.
pub(super) struct Session<'a> {
    getter: &'a Getter,
    config: &'a CalendarConfig,
    login: &'a Login,
    /// The host that the login was given for.
    host: String,
    started: Instant,
}

impl<'a> Session<'a> {
    /// For what is at this address, as it stands in the config.
    pub(super) fn new(
        getter: &'a Getter,
        config: &'a CalendarConfig,
        login: &'a Login,
        first: &Address,
        started: Instant,
    ) -> Self {
        Self { getter, config, login, host: first.host().to_owned(), started }
    }

    /// Asks, and follows redirects with the same question. Where it was answered is the place of the resource from now on.
    pub(super) fn ask(&self, at: &mut Address, asked: &Asked) -> Result<Reply, FetchFailure> {
        may_be_asked(at, self.config.allow_http).map_err(not_asked)?;
        for redirects in 0..=REDIRECTS_MAX {
            let headers = [
                ("User-Agent", self.config.user_agent.as_deref().unwrap_or(SAVEHUB)),
                ("Depth", asked.depth),
                ("Content-Type", "application/xml; charset=utf-8"),
                ("Accept", "application/xml, text/xml"),
                ("Accept-Encoding", "gzip"),
            ];
            let question = Question { method: asked.method, headers: &headers, body: Some(&asked.body) };
            let failed = |Unanswered { why, unreached }| FetchFailure {
                // Whoever redirects was reached.
                unreached: unreached && redirects == 0,
                ..why.into()
            };
            let left = self.config.timeout.saturating_sub(self.started.elapsed());
            let got = self.getter.ask(&self.with_login(at), &question, left).map_err(failed)?;
            log::debug!("calendar: {} {}: HTTP {}", asked.method, asked.depth, got.status());
            match got.status() {
                207 => {
                    let body = got.body(self.config.max_bytes)?;
                    let answer = Answer::read(&String::from_utf8_lossy(&body));
                    return Ok(Reply::Multi(
                        answer.map_err(|why| format!("the server's answer cannot be read: {why}"))?,
                    ));
                }
                301 | 302 | 307 | 308 => {
                    let to =
                        got.header("location").ok_or_else(|| "a redirect does not say where it leads".to_owned())?;
                    *at = self.next(at, to)?;
                }
                status => {
                    let wait = retry_after(got.headers());
                    let body = got.body(ERROR_MAX).map(|body| String::from_utf8_lossy(&body).into_owned());
                    return Ok(Reply::Other(Refusal { status, body: body.unwrap_or_default(), wait }));
                }
            }
        }
        Err(format!("more than {REDIRECTS_MAX} redirects").into())
    }

    /// The same, where only a multistatus is of use.
    pub(super) fn must(&self, at: &mut Address, asked: &Asked) -> Result<Answer, FetchFailure> {
        match self.ask(at, asked)? {
            Reply::Multi(answer) => Ok(answer),
            Reply::Other(refusal) => Err(refusal.into()),
        }
    }

    fn next(&self, from: &Address, location: &str) -> Result<Address, FetchFailure> {
        let to = next(from, location, self.config.allow_http)?;
        if from.is_secure() && !to.is_secure() {
            return Err("a redirect leads from https to plain http".to_owned().into());
        }
        Ok(to)
    }

    /// May what is at this address be asked with our login?
    pub(super) fn is_ours(&self, at: &Address) -> bool {
        may_have_login(&self.host, at.host())
    }

    fn with_login(&self, at: &Address) -> Address {
        let Login { user, password } = self.login;
        if self.is_ours(at) { at.clone().with_login(user, password.expose_secret()) } else { at.clone() }
    }
}

/// No server was asked.
pub(super) fn not_asked(why: String) -> FetchFailure {
    FetchFailure { unreached: true, ..why.into() }
}

/// A status that brings nothing, and what to do about it.
fn words(status: u16) -> String {
    let (what, remedy) = match status {
        401 => (
            "the login was refused",
            "; are user and password right? Some services want an app password, made for savehub alone",
        ),
        403 => ("the server refuses access", "; may this user read the calendar?"),
        404 | 410 => ("the server knows no such calendar", "; `savehub calendar find` lists those it has"),
        429 => ("the server was asked too often", ""),
        503 => ("the server is not available", ""),
        507 => ("the server cannot list so many events at once", ""),
        500..=599 => ("the server has a fault", ""),
        _ => ("the server does not speak CalDAV at this address", "; `savehub calendar find` finds the right one"),
    };
    format!("{what} (HTTP {status}){remedy}")
}
