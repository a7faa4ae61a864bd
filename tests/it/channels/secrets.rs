//! No secret and no whole address in a log, an error or a Debug text, whatever a server answers.

use crate::channels::{mail, named};
use crate::support::alone::alone;
use crate::support::captured::logged;
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_smtp::{FakeSmtp, Turn};
use crate::support::{Open, direct};
use savehub::config::{Channels, CommandConfig, Later, Security, WebhookConfig, WebhookFormat};
use savehub::model::RungKind;
use savehub::provider::Provider;
use savehub::provider::command::Commands;
use savehub::provider::email::Email;
use savehub::provider::webhook::Webhooks;
use std::fmt::Write as _;
use std::time::Duration;

const CANARY: &str = "c4n4rypassw0rd";
/// base64 of it, of `\0ana\0` and it, and of it as the last part of a header.
const ENCODED: [&str; 2] = ["YzRuNHJ5cGFzc3cwcmQ=", "AGFuYQBjNG40cnlwYXNzdzByZA=="];

fn mails(said: &mut String) {
    let echo = "550 AGFuYQBjNG40cnlwYXNzdzByZA== YzRuNHJ5cGFzc3cwcmQ= c4n4rypassw0rd ana.lee@example.com";
    for verb in ["NONE", "HELLO", "EHLO", "AUTH", "RCPT", "."] {
        let server = FakeSmtp::start(Security::None);
        server.script([(verb, Turn::Says(echo))]);
        let email = Email::new(&server.config(CANARY));
        let _ = write!(said, "{email:?} {:?}", email.place(&mail(), &Open));
    }
}

fn webhooks(said: &mut String) {
    for serves in [
        Serves::status(200),
        Serves::Answer(404, vec![("X", CANARY.into())], CANARY.into()),
        Serves::Answer(500, vec![], CANARY.into()),
        Serves::redirect(302, &format!("/{CANARY}")),
        Serves::Raw(format!("{CANARY}\r\n\r\n").into_bytes()),
        Serves::Raw(Vec::new()),
    ] {
        let receiver = FakeFeed::start(serves);
        for address in [format!("http://{}/{CANARY}?{CANARY}", receiver.addr()), format!("http://192.0.2.1/{CANARY}")] {
            let webhooks = Webhooks::new(&[WebhookConfig {
                name: "phone".into(),
                url: Later::here("url", address.into()),
                format: WebhookFormat::Json,
                headers: vec![("Authorization".into(), Later::here("value", format!("Bearer {CANARY}").into()))],
                allow_http: false,
                timeout: Duration::from_secs(20),
                route: direct(),
            }]);
            let reply = webhooks.place(&named(RungKind::Webhook, "phone"), &Open);
            let _ = write!(said, "{webhooks:?} {reply:?}");
        }
    }
}

fn commands(said: &mut String) {
    for script in ["echo took it; echo loud >&2", "exit 3"] {
        let argv = ["/bin/sh", "-c", script, CANARY].map(str::to_owned).to_vec();
        let commands = vec![CommandConfig { name: "lamp".into(), argv, timeout: Duration::from_secs(20) }];
        let commands = Commands::new(&Channels { commands, ..Channels::default() });
        let reply = commands.place(&named(RungKind::Command, "lamp"), &Open);
        let _ = write!(said, "{commands:?} {reply:?}");
    }
}

#[test]
fn nothing_secret_is_said_and_the_log_says_what_became_of_each() {
    alone(nothing_secret_is_said_and_the_log_says_what_became_of_each, || {
        let (said, log) = logged(|| {
            let mut said = String::new();
            mails(&mut said);
            webhooks(&mut said);
            commands(&mut said);
            said
        });
        for secret in [CANARY, ENCODED[0], ENCODED[1], "ana.lee@"] {
            assert!(!log.contains(secret), "{secret} in the log:\n{log}");
            assert!(!said.contains(secret), "{secret} in:\n{said}");
        }
        for line in [
            "INFO [EMAIL] To=a***@example.com: taken in ",
            "ERROR [EMAIL] To=a***@example.com: refused: 550 *** *** *** a***@example.com\n",
            "INFO [WEBHOOK] To=phone: taken in ",
            "ERROR [WEBHOOK] To=phone: nobody knows whether it arrived: HTTP 500\n",
            "ERROR [WEBHOOK] To=phone: not sent: no address comes from `url`: http:// shows everything",
            "INFO [COMMAND] lamp: took it loud\n",
            "INFO [COMMAND] To=lamp: taken in ",
            "ERROR [COMMAND] To=lamp: refused: the program failed with exit code 3\n",
        ] {
            assert!(log.contains(line), "{line} is not in the log:\n{log}");
        }
    });
}
