//! One mail over one connection.
//!
//! lettre's own `send` cannot be asked anything between the login and the last dot, so its commands are given one by
//! one: the gate is asked before anything is connected, before `MAIL FROM`, and right before the first byte of the
//! mail. If it refuses there, the connection is dropped without the last dot, and the server throws away what it has
//! (RFC 5321 section 4.1.1.4).
//!
//! Every answer must have the very code its command calls for. A text that somebody put on the wire before TLS, to be
//! read as the first answer behind it, shifts all answers by one and is found out before the mail leaves.
//!
//! All steps share one limit, and each may use what the others left. It is the socket's limit: a server that drips its
//! answer, or is silent once more when lettre says goodbye to it, takes longer. The tick does not wait for that, and the
//! gate lets nothing leave that late. A mail whose answer would come too late to be heard is not handed over.

use super::classify::{Stage, broken, lost, not_sent, refused};
use super::login::Credentials;
use super::message::Mail;
use crate::config::{EmailConfig, Security};
use crate::http::Names;
use crate::model::{NotSentCause, Outcome, Reply};
use crate::provider::Gate;
use crate::tls::Verifier;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::{CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret as _;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many addresses of the host are tried.
const ADDRESSES_MAX: usize = 4;

/// The least time each of them gets.
const SHARE_MIN: Duration = Duration::from_millis(10);

/// One part in so many of the limit is kept for the server's answer to the mail.
const ANSWER_SHARE: u32 = 10;

/// How long the server may take to say goodbye. Nothing depends on it.
const QUIT_WITHIN: Duration = Duration::from_secs(1);

/// A look at the gate, as an outcome when it refuses.
pub(super) fn look(gate: &dyn Gate) -> Result<(), Outcome> {
    gate.look().map_err(|reason| Reply::fenced(reason).outcome)
}

/// Hands a mail over. `Err` says what came of it instead.
pub(super) fn hand_over(
    config: &EmailConfig,
    login: Option<&Credentials>,
    names: &Names,
    mail: &Mail,
    gate: &dyn Gate,
) -> Result<(), Outcome> {
    let mut talk = Talk::begin(config, login, names)?;
    talk.log_in()?;
    look(gate)?;
    talk.say(MailFrom::new(mail.envelope.from().cloned(), Vec::new()), Stage::Sender, &[250])?;
    for to in mail.envelope.to() {
        // 251: it will be forwarded (RFC 5321 section 4.2.3).
        talk.say(Rcpt::new(to.clone(), Vec::new()), Stage::Recipient, &[250, 251])?;
    }
    talk.say(Data, Stage::Data, &[354])?;
    let (left, for_answer) = (talk.left()?, config.timeout / ANSWER_SHARE);
    if left < for_answer {
        look(gate)?;
        return Err(talk.too_slow());
    }
    let leaves_by = Instant::now() + left.saturating_sub(for_answer);
    gate.pass_by(leaves_by).map_err(|reason| Reply::fenced(reason).outcome)?;
    talk.set_limit(talk.left()?);
    let taken = talk.connection.message(&mail.bytes);
    talk.check(taken, Stage::Mail, &[250])?;
    // The mail is theirs, whatever comes now.
    talk.set_limit(QUIT_WITHIN);
    let _ = talk.connection.command(Quit);
    Ok(())
}

/// Everything up to a mail, and goodbye instead of it. `NOOP` shows that the server takes commands from us.
pub(super) fn greet(config: &EmailConfig, login: Option<&Credentials>, names: &Names) -> Result<(), Outcome> {
    let mut talk = Talk::begin(config, login, names)?;
    talk.log_in()?;
    talk.say(Noop, Stage::Sender, &[250])?;
    talk.set_limit(QUIT_WITHIN);
    let _ = talk.connection.command(Quit);
    Ok(())
}

/// A connection, and the time it has left.
struct Talk<'a> {
    config: &'a EmailConfig,
    login: Option<&'a Credentials>,
    until: Instant,
    connection: SmtpConnection,
}

impl<'a> Talk<'a> {
    /// Connects, and protects the connection as the config wants it.
    fn begin(config: &'a EmailConfig, login: Option<&'a Credentials>, names: &Names) -> Result<Self, Outcome> {
        let until = Instant::now() + config.timeout;
        let tls = tls(config)?;
        let found = names.find(&config.host, config.port, config.timeout);
        let found = found.map_err(|why| not_sent(NotSentCause::Dns, &why))?;
        let at_once = tls.as_ref().filter(|_| config.security == Security::Tls);
        let connection = connect(config, login, &found, until, at_once.map(|(parameters, _)| parameters))?;
        let mut talk = Self { config, login, until, connection };
        if let (Security::StartTls, Some(tls)) = (config.security, &tls) {
            talk.protect(&tls.0)?;
        }
        if let Some((_, verifier)) = &tls {
            talk.judge(verifier)?;
        }
        Ok(talk)
    }

    fn protect(&mut self, tls: &TlsParameters) -> Result<(), Outcome> {
        if !self.connection.can_starttls() {
            let detail = "the server offers no STARTTLS, and nothing is said to it unprotected";
            return Err(not_sent(NotSentCause::Tls, detail));
        }
        let left = self.left()?;
        self.set_limit(left);
        let done = self.connection.starttls(tls, &ClientId::default());
        done.map_err(|error| meaning(self.config, self.login, &error, Stage::Hello))
    }

    /// Is it the server that is meant? lettre would not tell which one it is, so that it takes whoever has a key to what it
    /// shows, and the judgement is ours. Up to here nothing but `EHLO` was said.
    fn judge(&self, verifier: &Verifier) -> Result<(), Outcome> {
        let chain = self.connection.certificate_chain().unwrap_or_default();
        verifier.judge(&chain, &self.config.host).map_err(|why| not_sent(NotSentCause::Tls, &why))
    }

    fn log_in(&mut self) -> Result<(), Outcome> {
        let Some(login) = self.login else { return Ok(()) };
        let known = [Mechanism::Plain, Mechanism::Login];
        if self.connection.server_info().get_auth_mechanism(&known).is_none() {
            let detail = "the server offers no login that savehub knows (PLAIN, LOGIN)";
            return Err(not_sent(NotSentCause::Other, detail));
        }
        let left = self.left()?;
        self.set_limit(left);
        let credentials =
            smtp::authentication::Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
        let answer = self.connection.auth(&known, &credentials);
        self.check(answer, Stage::Login, &[235])
    }

    fn say(&mut self, command: impl Display, stage: Stage, codes: &[u16]) -> Result<(), Outcome> {
        let left = self.left()?;
        self.set_limit(left);
        let answer = self.connection.command(command);
        self.check(answer, stage, codes)
    }

    fn check(&self, answer: Result<Response, smtp::Error>, stage: Stage, codes: &[u16]) -> Result<(), Outcome> {
        match answer {
            Ok(answer) if codes.iter().any(|code| answer.has_code(*code)) => Ok(()),
            Ok(answer) => {
                let code = u16::from(answer.code());
                Err(broken(
                    stage,
                    NotSentCause::Other,
                    format!("the server answered {code}, which makes no sense here"),
                ))
            }
            Err(error) => Err(meaning(self.config, self.login, &error, stage)),
        }
    }

    /// The time that is left for everything; none is an end.
    fn left(&self) -> Result<Duration, Outcome> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.too_slow()) } else { Ok(left) }
    }

    /// The server took nearly all of the time, and nothing has left.
    fn too_slow(&self) -> Outcome {
        let limit = self.config.timeout.as_secs_f64();
        not_sent(NotSentCause::Other, &format!("the server took nearly all of {limit} s before the mail could be sent"))
    }

    fn set_limit(&mut self, limit: Duration) {
        // A socket that takes no limit is one that is gone, which the next command finds out.
        let _ = self.connection.set_timeout(Some(limit));
    }
}

/// Tries one address after the other. Each gets an even share of the time that is left, so the last one gets all of it.
fn connect(
    config: &EmailConfig,
    login: Option<&Credentials>,
    found: &[SocketAddr],
    until: Instant,
    tls: Option<&TlsParameters>,
) -> Result<SmtpConnection, Outcome> {
    let tried = found.get(..ADDRESSES_MAX).unwrap_or(found);
    let mut last = not_sent(NotSentCause::Dns, "the host name has no address");
    for (shares, address) in (1..=tried.len()).rev().zip(tried) {
        let left = until.saturating_duration_since(Instant::now());
        let share = (left / u32::try_from(shares).unwrap_or(1)).max(SHARE_MIN);
        match SmtpConnection::connect(address, Some(share), &ClientId::default(), tls, None) {
            Ok(connection) => return Ok(connection),
            // Somebody was there, and said no.
            Err(error) if error.status().is_some() => return Err(meaning(config, login, &error, Stage::Hello)),
            Err(error) => last = meaning(config, login, &error, Stage::Hello),
        }
    }
    Err(last)
}

/// TLS, and who judges the server; `None` without.
fn tls(config: &EmailConfig) -> Result<Option<(TlsParameters, Verifier)>, Outcome> {
    if config.security == Security::None {
        return Ok(None);
    }
    let verifier = Verifier::new(&config.trust).map_err(|why| not_sent(NotSentCause::Tls, &why))?;
    let builder = TlsParameters::builder(config.host.clone()).certificate_store(CertificateStore::None);
    // See [`Talk::judge`].
    let builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    let built = builder.build_rustls().map_err(|_| not_sent(NotSentCause::Tls, "TLS cannot be set up"))?;
    Ok(Some((built, verifier)))
}

/// What an error means at this stage.
fn meaning(config: &EmailConfig, login: Option<&Credentials>, error: &smtp::Error, stage: Stage) -> Outcome {
    let secrets = login.map(Credentials::secrets).unwrap_or_default();
    refused(error, stage, &secrets).unwrap_or_else(|| lost(error, stage, config))
}
