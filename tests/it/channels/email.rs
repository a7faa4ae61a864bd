//! Mail that is taken, and what it looks like.

use crate::channels::{mail, not_sent, request, taken};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::{Looks, Open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use savehub::config::Security;
use savehub::model::{Address, Email as MailAddress, FenceReason, NotSentCause, Outcome, Request, RungKind};
use savehub::provider::Provider;
use savehub::provider::email::Email;

/// The only mail that comes of this request.
fn sent(request: &Request) -> String {
    let mut server = FakeSmtp::start(Security::None);
    assert_eq!(Email::new(&server.config("pw")).place(request, &Open).outcome, taken("SMTP-tok1"));
    server.ended();
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    mails[0].clone()
}

#[test]
fn a_mail_is_handed_over_unprotected_on_this_machine_after_starttls_and_over_tls() {
    let login = format!("AUTH PLAIN {}", STANDARD.encode("\0ana\0pass word"));
    let handed_over = [&login, "MAIL FROM:<savehub@example.com>", "RCPT TO:<ana.lee@example.com>", "DATA", "QUIT"];
    for security in [Security::None, Security::StartTls, Security::Tls] {
        let mut server = FakeSmtp::start(security);
        let reply = Email::new(&server.config("pass word")).place(&mail(), &Open);
        assert_eq!(reply.outcome, taken("SMTP-tok1"), "{security:?}");
        assert_eq!((reply.meta.http_status, reply.meta.skew_ms), (None, None));
        let first = (security == Security::StartTls).then_some("STARTTLS");
        assert_eq!(server.ended(), first.into_iter().chain(handed_over).collect::<Vec<_>>());
        assert_eq!(server.mails().len(), 1);
    }
}

#[test]
fn a_mail_is_plain_text_with_the_headers_of_a_machine() {
    let written = "\
Message-ID: <key1@example.com>\r
Date: Sun, 22 Nov 2026 09:00:00 +0000\r
From: savehub <savehub@example.com>\r
To: ana.lee@example.com\r
Subject: Board sync\r
Auto-Submitted: auto-generated\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 7bit\r
\r
Board sync starts in 12 minutes.\r
";
    assert_eq!(sent(&mail()), written);
}

#[test]
fn a_repeat_has_the_message_id_of_the_first_try() {
    let repeat = Request { token: "tok2".into(), ..mail() };
    let mut server = FakeSmtp::start(Security::None);
    let email = Email::new(&server.config("pw"));
    assert_eq!(email.place(&mail(), &Open).outcome, taken("SMTP-tok1"));
    assert_eq!(email.place(&repeat, &Open).outcome, taken("SMTP-tok2"));
    server.ended();
    let ids: Vec<_> = server.mails().iter().map(|m| m.lines().next().unwrap().to_owned()).collect();
    assert_eq!(ids, ["Message-ID: <key1@example.com>"; 2]);
}

#[test]
fn no_title_and_no_message_can_add_a_header_or_end_the_mail() {
    for hostile in [
        "a\r\nBcc: bo@example.com",
        "a\nX: y\r\n\r\nbody",
        "a\r\n.\r\nMAIL FROM:<x@example.com>",
        "\u{2028}a\u{202e}b\u{1b}[31m",
        "=?utf-8?q?Bcc:?=",
        "Встреча 🎉 \u{5d0}\u{5d1}",
        &"x".repeat(5000),
        &"é".repeat(5000),
    ] {
        let mut request = mail();
        request.subject = Some(hostile.into());
        request.message = format!("{hostile}\r\n.\r\n.{hostile}");
        let sent = sent(&request);
        let (head, _) = sent.split_once("\r\n\r\n").unwrap();
        // A line that begins with a blank belongs to the header before it.
        let names =
            head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(": ").next());
        let names: Vec<_> = names.flatten().collect();
        let known = ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"];
        assert_eq!(names[..8], known, "{head}");
        assert_eq!(names[8..], ["Content-Transfer-Encoding"], "{head}");
        assert!(
            sent.is_ascii() && !sent.contains('\u{1b}') && sent.split("\r\n").all(|line| line.len() <= 998),
            "{sent}"
        );
    }
}

#[test]
fn a_mail_without_a_subject_is_called_by_its_meetings_or_by_us() {
    let mut request = mail();
    request.facts.meetings.push(request.facts.meetings[0].clone());
    assert!(sent(&request).contains("\r\nSubject: Board sync and Board sync\r\n"));
    request.facts.meetings.clear();
    assert!(sent(&request).contains("\r\nSubject: savehub\r\n"));
    request.subject = Some("Ana, hurry".into());
    assert!(sent(&request).contains("\r\nSubject: Ana, hurry\r\n"));
}

#[test]
fn the_gate_is_asked_before_the_connection_before_the_sender_and_before_the_mail() {
    for (nth, last) in [(1, None), (2, Some("AUTH")), (3, Some("DATA"))] {
        let mut server = FakeSmtp::start(Security::StartTls);
        let gate = Looks::closed_at(nth);
        let reply = Email::new(&server.config("pw")).place(&mail(), &gate);
        assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
        assert_eq!(gate.count(), nth);
        let lines = server.ended();
        assert_eq!(lines.last().map(|line| line.split(' ').next().unwrap()), last, "{lines:?}");
        assert_eq!((server.mails(), server.cut().concat()), (vec![], String::new()));
    }
    let (server, gate) = (FakeSmtp::start(Security::None), Looks::closed_at(9));
    Email::new(&server.config("pw")).place(&mail(), &gate);
    assert_eq!((gate.count(), server.mails().len()), (3, 1));
}

#[test]
fn a_server_without_a_login_of_ours_is_not_asked_for_one() {
    let mut server = FakeSmtp::start(Security::None);
    let mut config = server.config("pw");
    config.login = None;
    assert_eq!(Email::new(&config).place(&mail(), &Open).outcome, taken("SMTP-tok1"));
    assert_eq!(server.ended()[0], "MAIL FROM:<savehub@example.com>");
}

#[test]
fn a_key_that_cannot_be_an_id_and_a_target_that_is_no_mailbox_are_never_sent() {
    let mut server = FakeSmtp::start(Security::None);
    let email = Email::new(&server.config("pw"));
    let bad_key = Request { key: "a>\r\nBcc: x".into(), ..mail() };
    let detail = "the mail cannot be written: its key cannot be a Message-ID";
    assert_eq!(not_sent(email.place(&bad_key, &Open)), (NotSentCause::Other, detail.into()));
    let no_mailbox = crate::support::call("x");
    assert!(matches!(email.place(&no_mailbox, &Open).outcome, Outcome::NotSent(_)));
    assert_eq!(server.ended(), Vec::<String>::new());
}

#[test]
fn an_internationalised_domain_is_written_to_in_its_ascii_form() {
    let mailbox = Address::Email(MailAddress::parse("ana@xn--bcher-kva.example").unwrap());
    assert!(sent(&request(RungKind::Email, mailbox)).contains("\r\nTo: ana@xn--bcher-kva.example\r\n"));
}
