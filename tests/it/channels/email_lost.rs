//! Mail that is refused, lost, or never sent.

use crate::channels::{mail, not_sent, unknown};
use crate::support::fake_smtp::{FakeSmtp, Turn};
use crate::support::fake_tls::by_itself;
use crate::support::{HUNG, Open, direct, in_file};
use savehub::config::{EmailConfig, Later, Security};
use savehub::http::Lookup;
use savehub::model::{NotSentCause, Outcome, Rejection, RejectionClass, Reply};
use savehub::provider::Provider;
use savehub::provider::email::Email;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Enough for a busy machine to come to the silence.
const HASTY: Duration = Duration::from_secs(5);

fn send(config: &EmailConfig) -> Reply {
    Email::new(config).place(&mail(), &Open)
}

/// The reply of a server where this command meets this, and the mails it took.
fn meets(verb: &'static str, turn: Turn, timeout: Duration) -> (Reply, usize) {
    let mut server = FakeSmtp::start(Security::None);
    server.script([(verb, turn)]);
    let reply = send(&EmailConfig { timeout, ..server.config("pw") });
    server.ended();
    (reply, server.mails().len())
}

#[test]
fn a_complete_refusal_says_whose_fault_it_is_and_masks_the_address() {
    use RejectionClass::{Callee, Capacity, Other, Ours};
    for (verb, says, class, message) in [
        ("HELLO", "554 no", Ours, "554 no"),
        ("EHLO", "421 4.3.2 too busy", Capacity, "421 4.3.2 too busy"),
        ("AUTH", "535 5.7.8 bad login", Ours, "535 5.7.8 bad login"),
        ("AUTH", "454 4.7.0 later", Capacity, "454 4.7.0 later"),
        ("MAIL", "530 5.7.0 log in", Ours, "530 5.7.0 log in"),
        ("RCPT", "550 5.1.1 <ana.lee@example.com>: none", Callee, "550 5.1.1 <a***@example.com>: none"),
        ("RCPT", "451 4.7.1 greylisted", Capacity, "451 4.7.1 greylisted"),
        ("RCPT", "554 5.7.1 relay denied", Other, "554 5.7.1 relay denied"),
        ("DATA", "554 5.5.1 no valid recipients", Other, "554 5.5.1 no valid recipients"),
        (".", "554 5.6.0 spam\u{1b}[31m", Other, "554 5.6.0 spam [31m"),
        (".", "452 4.3.1 disk full", Capacity, "452 4.3.1 disk full"),
    ] {
        let (reply, mails) = meets(verb, Turn::Says(says), Duration::from_secs(20));
        let code = message[..3].parse().ok();
        let refused = Rejection { class, code, message: message.into(), retry_after: None };
        assert_eq!(reply.outcome, Outcome::Rejected(refused), "{verb}");
        // What the fake has read is not taken, since it said so.
        assert_eq!(mails, usize::from(verb == "."));
    }
}

#[test]
fn a_connection_that_ends_before_the_mail_leaves_is_certain_and_after_it_is_not() {
    for verb in ["HELLO", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        let (reply, mails) = meets(verb, Turn::SaysAndEnds(""), Duration::from_secs(20));
        let broke_off = (NotSentCause::Connect, "the answer is not SMTP, or broke off".to_owned());
        assert_eq!((not_sent(reply), mails), (broke_off, 0), "{verb}");
    }
    let (reply, mails) = meets(".", Turn::SaysAndEnds(""), Duration::from_secs(20));
    assert_eq!((unknown(reply), mails), ("the answer is not SMTP, or broke off".into(), 1));
    // The server goes away when the mail comes.
    let (reply, _) = meets("DATA", Turn::SaysAndEnds("354 go ahead"), Duration::from_secs(20));
    unknown(reply);
}

#[test]
fn a_silent_server_is_left_within_the_limit_whatever_it_is_silent_about() {
    let silent = |verb, at| {
        let started = Instant::now();
        let (reply, mails) = meets(verb, Turn::Silence, HASTY);
        // A step may use all that the others left, and is named.
        assert!(reply.meta.elapsed_ms >= 5_000, "{verb}: {reply:?}");
        let detail = format!("no answer within 5 s ({at})");
        assert_eq!((not_sent(reply), mails), ((NotSentCause::Connect, detail), 0), "{verb}");
        assert!(started.elapsed() < HUNG);
    };
    std::thread::scope(|scope| {
        for (verb, at) in [
            ("HELLO", "connecting, until its greeting"),
            ("EHLO", "connecting, until its greeting"),
            ("AUTH", "logging in"),
            ("RCPT", "handing the mail over"),
            ("DATA", "handing the mail over"),
        ] {
            scope.spawn(move || silent(verb, at));
        }
    });
    let (reply, mails) = meets(".", Turn::Silence, HASTY);
    assert_eq!((unknown(reply), mails), ("no answer within 5 s (waiting for the mail to be taken)".into(), 1));
}

#[test]
fn silence_after_the_mail_was_taken_costs_nothing() {
    let (reply, mails) = meets("QUIT", Turn::Silence, Duration::from_secs(20));
    assert_eq!((reply.outcome, mails), (crate::channels::taken("SMTP-tok1"), 1));
}

#[test]
fn an_answer_that_belongs_to_another_command_is_none() {
    let wrong = |code| format!("the server answered {code}, which makes no sense here");
    let (reply, _) = meets("DATA", Turn::Says("250 ok"), Duration::from_secs(20));
    assert_eq!(not_sent(reply), (NotSentCause::Other, wrong(250)));
    let (reply, _) = meets(".", Turn::Says("354 more"), Duration::from_secs(20));
    assert_eq!(unknown(reply), wrong(354));
    let (reply, _) = meets("AUTH", Turn::Says("250 ok"), Duration::from_secs(20));
    assert_eq!(not_sent(reply), (NotSentCause::Other, wrong(250)));
}

#[test]
fn what_is_put_on_the_wire_before_tls_gets_nothing_sent() {
    for (login, verb) in [(true, "AUTH"), (false, "DATA")] {
        let mut server = FakeSmtp::start(Security::StartTls);
        server.script([("STARTTLS", Turn::Says("220 go ahead\r\n250 AUTH PLAIN"))]);
        let mut config = server.config("pw");
        config.login = config.login.filter(|_| login);
        assert_eq!(
            not_sent(send(&config)),
            (NotSentCause::Other, "the server answered 250, which makes no sense here".into())
        );
        let lines = server.ended();
        assert!(lines.last().unwrap().starts_with(verb), "{lines:?}");
        assert_eq!((server.mails().len(), server.cut().concat().as_str()), (0, ""));
    }
}

#[test]
fn without_starttls_or_a_trusted_certificate_nothing_is_said() {
    // A server that offers none.
    let mut server = FakeSmtp::start(Security::None);
    let config = EmailConfig { security: Security::StartTls, ..server.config("pw") };
    let detail = "the server offers no STARTTLS, and nothing is said to it unprotected";
    assert_eq!(not_sent(send(&config)), (NotSentCause::Tls, detail.into()));
    assert_eq!(server.ended(), Vec::<String>::new());
    for security in [Security::StartTls, Security::Tls] {
        let (mut server, other) = (FakeSmtp::start(security), FakeSmtp::start(Security::None));
        for trust in [direct().trust, other.config("").trust] {
            let (cause, detail) = not_sent(send(&EmailConfig { trust, ..server.config("pw") }));
            assert_eq!(cause, NotSentCause::Tls, "{detail}");
            let words = "TLS: the server's certificate is from an authority that is not trusted (SHA-256 ";
            assert!(detail.starts_with(words), "{detail}");
        }
        let wrong_name = EmailConfig { host: "localhost".into(), ..server.config("pw") };
        let other = "TLS: the server's certificate is for another name";
        assert_eq!(not_sent(send(&wrong_name)), (NotSentCause::Tls, other.into()));
        let said = server.ended();
        assert!(said.iter().all(|line| line == "STARTTLS"), "{said:?}");
    }
}

#[test]
fn a_ca_file_that_holds_no_certificate_is_an_error_before_anything_is_sent() {
    let server = FakeSmtp::start(Security::Tls);
    let trust = in_file("/nonexistent/ca.pem");
    let (cause, detail) = not_sent(send(&EmailConfig { trust, ..server.config("pw") }));
    let words = "the certificates in /nonexistent/ca.pem cannot be read: No such file or directory (os error 2)";
    assert_eq!((cause, detail.as_str()), (NotSentCause::Tls, words));
}

#[test]
fn a_mail_server_whose_own_certificate_is_in_the_file_is_believed() {
    for security in [Security::StartTls, Security::Tls] {
        let mut server = FakeSmtp::start_certified(security, by_itself());
        let config = server.config("pw");
        let unknown = not_sent(send(&EmailConfig { trust: direct().trust, ..config.clone() }));
        assert!(unknown.1.starts_with("TLS: the server's certificate is signed by itself (SHA-256 "), "{unknown:?}");
        assert!(unknown.1.ends_with(" write it into a PEM file and name that with `ca_file`"), "{unknown:?}");
        assert_eq!(send(&config).outcome, crate::channels::taken("SMTP-tok1"));
        server.ended();
        assert_eq!(server.mails().len(), 1);
    }
}

#[test]
fn a_server_that_is_not_there_is_certain() {
    let server = FakeSmtp::start(Security::None);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (cause, detail) = not_sent(send(&EmailConfig { port: nobody, ..server.config("pw") }));
    assert_eq!((cause, detail.starts_with("connection: ")), (NotSentCause::Connect, true), "{detail}");
}

/// A host of these addresses; with none, one that does not resolve.
#[derive(Debug)]
struct Host(Vec<SocketAddr>);

impl Lookup for Host {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        Some(if self.0.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(self.0.clone()) })
    }
}

#[test]
fn a_host_that_does_not_resolve_is_certain_and_one_dead_address_gives_way_to_the_next() {
    let server = FakeSmtp::start(Security::None);
    let config = server.config("pw");
    let place = |host| Email::with_lookup(&config, Arc::new(Host(host))).place(&mail(), &Open);
    assert_eq!(not_sent(place(vec![])), (NotSentCause::Dns, "the host name does not resolve".into()));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let alive = SocketAddr::from(([127, 0, 0, 1], config.port));
    assert_eq!(place(vec![nobody, alive]).outcome, crate::channels::taken("SMTP-tok1"));
}

#[test]
fn without_its_password_nothing_is_said() {
    let mut server = FakeSmtp::start(Security::None);
    let mut config = server.config("pw");
    config.login.as_mut().unwrap().password = Later::here("password_file", String::new().into());
    let detail = "no password comes from `password_file`: the first line is empty";
    assert_eq!(not_sent(send(&config)), (NotSentCause::Locked, detail.into()));
    assert_eq!(server.ended(), Vec::<String>::new());
}
