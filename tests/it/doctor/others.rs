//! Calendars, the mail server, webhooks and the TwiML Bin.

use super::{Said, doctor, scheduled};
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::direct;
use crate::support::fake_dav::{FakeDav, PASSWORD, USER};
use crate::support::fake_feed::{FakeFeed, SECRET, Serves, calendar};
use crate::support::fake_smtp::{FakeSmtp, Turn};
use crate::support::fake_tls::{FakeTls, Tls, proxy};
use crate::support::fake_twilio::{FakeTwilio, TOKEN};
use savehub::config::Security;
use savehub::provider::KEY_BIN;
use savehub::provider::checkup::{Bin, key_bin};

fn on_twilio(more: &str) -> (FakeTwilio, Cli) {
    let fake = FakeTwilio::start();
    let cli = scheduled(Cli::with(&twilio(&fake.base_url(), TOKEN, &format!("{ANA}{more}"))));
    (fake, cli)
}

#[test]
fn a_calendar_that_can_be_read_is_fine() {
    let feed = FakeFeed::start(Serves::plain(&calendar("Stand-up")));
    let (_fake, cli) = on_twilio(&format!("calendars = [{{ url = \"{}\", name = \"work\" }}]\n", feed.url()));
    let said = doctor(&cli);
    said.says("calendar", "ok", "ana/work, 1 event");
    assert_eq!(said.code, 0, "{said:#?}");
}

#[test]
fn a_calendar_on_a_server_is_told_with_what_is_not_seen_and_whose_declined_meetings_ring() {
    let dav = FakeDav::start();
    let calendars = format!(
        "calendars = [{{ caldav = \"{}\", user = \"{USER}\", password = \"{PASSWORD}\", name = \"work\" }}]\n",
        dav.url()
    );
    let (_fake, cli) = on_twilio(&calendars);
    let how = "ana/work, 0 events; read over CalDAV, 8 days back and 14 ahead: a series that the server does not find for \
               them is not seen";
    let declined = "; declined meetings ring, too, until `addresses` names the person's";
    let said = doctor(&cli);
    said.says("calendar", "ok", how);
    assert!(!format!("{said:?}").contains(declined), "{said:?}");
    dav.has_habits(|habits| habits.addresses = &[]);
    doctor(&cli).says("calendar", "ok", &format!("{how}{declined}"));
    dav.has_habits(|habits| habits.always = Some((401, Vec::new(), String::new())));
    let said = doctor(&cli);
    said.is_wrong_in("calendar", "problem", "ana/work cannot be read: the login was refused (HTTP 401)");
    assert!(!format!("{said:?}").contains(PASSWORD));
}

#[test]
fn a_calendar_that_fails_is_a_problem_and_its_address_is_not_told() {
    let feed = FakeFeed::start(Serves::status(500));
    let (_fake, cli) = on_twilio(&format!("calendars = [{{ url = \"{}\", name = \"work\" }}]\n", feed.url()));
    let said = doctor(&cli);
    said.is_wrong_in("calendar", "problem", "ana/work cannot be read: the server has a fault (HTTP 500)");
    assert!(!format!("{said:?}").contains(SECRET));
    feed.serve(Serves::plain("<html>sign in</html>"));
    doctor(&cli).is_wrong_in("calendar", "problem", "web page");
    feed.serve(Serves::plain("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"));
    doctor(&cli).is_wrong_in("calendar", "problem", "ana/work cannot be read: ");
}

#[test]
fn a_file_that_is_not_there_is_a_problem_also_in_a_rehearsal() {
    let cli = scheduled(Cli::with(&format!("{ANA}calendars = [\"nowhere.ics\"]\n")));
    let said = doctor(&cli);
    said.says("calendar", "problem", "ana/nowhere.ics cannot be read: ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_file_is_told_with_when_it_was_changed_and_where_its_zones_came_from() {
    let cli = scheduled(Cli::with(&format!("{ANA}calendars = [\"~/work.ics\"]\naddresses = [\"ana@example.com\"]\n")));
    cli.write("work.ics", &calendar("Stand-up"));
    let said = doctor(&cli);
    said.says("calendar", "ok", "ana/work.ics, 1 event, changed ");
    let told = " ago; read from a file, with every tick; zones: UTC alone";
    assert!(said.of("calendar")[0].1.ends_with(told), "{said:#?}");
}

#[test]
fn a_copy_that_no_tick_has_confirmed_for_long_is_old() {
    let feed = FakeFeed::start(Serves::plain(&calendar("Stand-up")));
    let (_fake, cli) = on_twilio(&format!("calendars = [{{ url = \"{}\", name = \"work\" }}]\n", feed.url()));
    cli.ok(&["tick"]);
    doctor(&cli).says("calendar", "ok", "ana/work, 1 event");
    let database = rusqlite::Connection::open(cli.database()).unwrap();
    assert_eq!(database.execute("update calendars set good_at = good_at - 7200000", []), Ok(1));
    doctor(&cli).is_wrong_in("calendar", "warning", "ana/work can be read, but ticks last did so 2 h ago");
}

fn mail(smtp: &FakeSmtp) -> String {
    let port = smtp.config("p4ssw0rd").port;
    format!(
        "[email]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"savehub@example.com\"\n\
         user = \"ana\"\npassword = \"p4ssw0rd\"\n"
    )
}

#[test]
fn a_mail_server_is_greeted_and_logged_in_to_and_gets_no_mail() {
    let mut smtp = FakeSmtp::start(Security::None);
    let (_fake, cli) = on_twilio(&mail(&smtp));
    let said = doctor(&cli);
    said.says("mail", "ok", "took the login; no mail was sent");
    assert_eq!(said.code, 0, "{said:#?}");
    let commands: Vec<_> = smtp.ended().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(commands, ["AUTH", "NOOP", "QUIT"]);
    assert!(smtp.mails().is_empty() && smtp.cut().is_empty());
}

#[test]
fn a_mail_server_that_refuses_the_login_is_a_problem_and_the_password_is_not_told() {
    let smtp = FakeSmtp::start(Security::None);
    smtp.script([("AUTH", Turn::Says("535 5.7.8 no p4ssw0rd here"))]);
    let (_fake, cli) = on_twilio(&mail(&smtp));
    let said = doctor(&cli);
    said.is_wrong_in("mail", "problem", "refused: 535");
    assert!(!format!("{said:?}").contains("p4ssw0rd"));
}

#[test]
fn a_mail_server_that_is_not_there_is_a_problem() {
    let mut smtp = FakeSmtp::start(Security::None);
    let config = mail(&smtp);
    smtp.ended();
    drop(smtp);
    let (_fake, cli) = on_twilio(&config);
    doctor(&cli).is_wrong_in("mail", "problem", "127.0.0.1:");
}

fn with_webhook(url: &str, more: &str) -> Said {
    let (_fake, cli) = on_twilio(&format!("[webhook.phone]\nurl = \"{url}/{SECRET}\"\n{more}"));
    let said = doctor(&cli);
    assert!(!format!("{said:?}").contains(SECRET), "{said:?}");
    said
}

#[test]
fn a_webhook_is_connected_to_and_gets_no_request() {
    let server = FakeTls::start(Tls::Answers(200, String::new()));
    let ca_file = format!("ca_file = \"{}\"\n", server.ca_file().display());
    let said = with_webhook(&server.base_url(), &ca_file);
    said.says("webhook", "ok", "[webhook.phone]: its server is there; nothing was sent to it");
    assert_eq!(said.code, 0, "{said:#?}");
    assert_eq!(server.came(), "");
    let plain = FakeTwilio::start();
    with_webhook(&plain.base_url(), "").says("webhook", "ok", "nothing was sent");
    assert_eq!(plain.requests().len(), 0);
}

#[test]
fn a_webhook_that_is_down_or_cannot_prove_who_it_is_is_a_problem() {
    with_webhook(&FakeTwilio::refuse(), "").is_wrong_in("webhook", "problem", "[webhook.phone]: no connection");
    let server = FakeTls::start(Tls::Answers(200, String::new()));
    with_webhook(&server.base_url(), "").is_wrong_in("webhook", "problem", "an authority that is not trusted");
}

#[test]
fn a_webhook_behind_a_proxy_is_connected_to_through_it() {
    let server = FakeTls::start(Tls::Answers(200, String::new()));
    let ca_file = server.ca_file();
    let keys = |proxy: &str| format!("ca_file = \"{}\"\nproxy = \"{proxy}\"\n", ca_file.display());
    let (address, tunnel) = proxy(200);
    let said = with_webhook(&server.base_url(), &keys(&address));
    said.says("webhook", "ok", "[webhook.phone]: its server is there; nothing was sent to it");
    let (address, refused) = proxy(407);
    with_webhook(&server.base_url(), &keys(&address)).is_wrong_in("webhook", "problem", "the proxy wants a login");
    let connects = format!("CONNECT {} HTTP/1.1\r\n", server.addr());
    assert!(tunnel.join().unwrap().starts_with(&connects) && refused.join().unwrap().starts_with(&connects));
    assert_eq!(server.came(), "");
}

#[test]
fn a_webhook_whose_address_cannot_be_had_is_a_problem() {
    let (_fake, cli) = on_twilio("[webhook.phone]\nurl_file = \"nowhere.url\"\n");
    doctor(&cli).is_wrong_in("webhook", "problem", "[webhook.phone]: ");
}

#[test]
fn a_twiml_bin_is_read_and_compared_with_the_manual() {
    let bin = FakeFeed::start(Serves::Answer(200, Vec::new(), KEY_BIN.into()));
    assert_eq!(key_bin(&bin.url(), &direct()), Ok(Bin::Good));
    bin.serve(Serves::Answer(200, Vec::new(), b"<Response><Say>Hello</Say></Response>".to_vec()));
    assert_eq!(key_bin(&bin.url(), &direct()), Ok(Bin::Other));
    bin.serve(Serves::status(403));
    assert_eq!(key_bin(&bin.url(), &direct()), Ok(Bin::Refused(403)));
    assert!(key_bin(&FakeTwilio::refuse(), &direct()).unwrap_err().starts_with("no connection"));
    assert!(bin.requests().iter().all(|request| request.method == "GET" && request.header("authorization").is_none()));
}

#[test]
fn a_twiml_bin_that_cannot_be_reached_is_a_problem() {
    let (_fake, cli) = on_twilio("[hear]\nkey_bin = \"https://10.0.0.1/twiml/EH00\"\n");
    let said = doctor(&cli);
    said.is_wrong_in("key_bin", "problem", "cannot be reached: the server's address is private or special");
    assert!(!said.of("key_bin")[0].1.contains("allow_private"), "{said:#?}");
}

#[test]
fn the_server_of_a_heartbeat_is_reached_and_not_pinged_also_in_a_rehearsal() {
    let fake = FakeTwilio::start();
    let beat = |url: &str| scheduled(Cli::with(&format!("heartbeat_url = \"{url}/{SECRET}\"\n{ANA}")));
    let said = doctor(&beat(&fake.base_url()));
    said.says("heartbeat", "ok", "its server is there; it was not pinged");
    assert_eq!((said.code, fake.requests().len()), (0, 0), "{said:#?}");
    let said = doctor(&beat(&FakeTwilio::refuse()));
    said.says("heartbeat", "problem", "cannot be reached: no connection");
    assert!(said.code == 1 && !format!("{said:?}").contains(SECRET), "{said:#?}");
    let said = super::doctor_with(&beat(&fake.base_url()), &["--offline"]);
    said.says("heartbeat", "skipped", "--offline");
    let said = doctor(&scheduled(Cli::with(&format!("heartbeat_url_file = \"nowhere\"\n{ANA}"))));
    said.says("heartbeat", "problem", "no address comes from `heartbeat_url_file`");
}
