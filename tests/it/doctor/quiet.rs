//! It only looks, and it tells no secret.

use super::{doctor, scheduled};
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_feed::{FakeFeed, SECRET, Serves, calendar};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::fake_twilio::{ACCOUNT_CANARY, FakeTwilio, TOKEN};
use savehub::config::Security;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every file below this directory, and what is in it.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// Everything is configured, and nearly everything can be reached.
fn everything(fake: &FakeTwilio, feed: &FakeFeed, smtp: &FakeSmtp) -> Cli {
    let more = format!(
        "{ANA}calendars = [\"{}\"]\n[email]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
         from = \"savehub@example.com\"\nuser = \"ana\"\npassword = \"p4ssw0rd\"\n\
         [webhook.phone]\nurl = \"{}/{SECRET}\"\n",
        feed.url(),
        smtp.config("").port,
        fake.base_url(),
    );
    scheduled(Cli::with(&twilio(&fake.base_url(), TOKEN, &more)))
}

#[test]
fn nothing_rings_nothing_is_sent_and_nothing_is_changed() {
    let (fake, feed) = (FakeTwilio::start(), FakeFeed::start(Serves::plain(&calendar("Stand-up"))));
    let mut smtp = FakeSmtp::start(Security::None);
    fake.set_trial();
    let cli = everything(&fake, &feed, &smtp);
    let before = files(&cli.path(""));
    let said = doctor(&cli);
    said.says("mail", "ok", "");
    assert!(!fake.requests().is_empty() && fake.requests().iter().all(|request| request.method == "GET"));
    assert!(feed.requests().iter().all(|request| request.method == "GET"));
    assert_eq!((fake.calls().len(), fake.posts()), (0, 0));
    smtp.ended();
    assert!(smtp.mails().is_empty());
    assert_eq!(files(&cli.path("")), before);
}

#[test]
fn no_secret_and_no_whole_number_is_told_at_any_level() {
    let (fake, feed) = (FakeTwilio::start(), FakeFeed::start(Serves::status(500)));
    let smtp = FakeSmtp::start(Security::None);
    fake.set_number("+12025550198", true, true);
    let cli = everything(&fake, &feed, &smtp);
    for args in [&["doctor"][..], &["doctor", "--json"], &["doctor", "-vv"]] {
        let ran = cli.run(args);
        assert_eq!(ran.code, 1, "{ran:?}");
        for secret in [TOKEN, ACCOUNT_CANARY, SECRET, "p4ssw0rd", "12025550101", "12025550199"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret}: {ran:?}");
        }
    }
}
