//! (h) `kill -9` before every system call of a tick that sends a mail, a message, a webhook and a call, of one that hears
//! a reply, and of a check-in; then further ticks. (But for the system calls of waiting and of memory.)
//!
//! Calls and messages are counted in the provider's own lists, webhooks and mails by who received them. A webhook may
//! arrive again, always with the key of its step; a mail once more, always with the same `Message-ID`.

use crate::rig::{Rig, Setup, number, say, whole};
use crate::strace::{Point, able, inject, points, sample};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_smtp::{FakeSmtp, Turn};
use crate::support::fake_twilio::{Behaviour, Endpoint};
use crate::verdict::{Tally, picture, still_open, wait};
use savehub::config::Security;
use savehub::model::Phone;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// All of them are due in the first tick.
const MAIL: &str = "[[ladder]]\nstep = \"email\"\nbefore = \"6m\"\n";
const SMS: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n";
const WEBHOOK: &str = "[[ladder]]\nstep = \"webhook\"\nuse = \"hook\"\nbefore = \"4m\"\n";
const CALL: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// Not due in any tick of the proof.
const LATER: &str = "[[ladder]]\nstep = \"webhook\"\nuse = \"hook\"\nafter = \"5m\"\n";

const WHOLE_LADDER: [&str; 4] = [MAIL, SMS, WEBHOOK, CALL];

/// How often threads wait and ask for memory differs from run to run, and changes nothing outside.
const INSIDE: [&str; 6] = ["futex", "madvise", "mmap", "munmap", "mprotect", "brk"];

/// Which tick is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one that sends.
    First,
    /// The one after it, which finds what was lost.
    Second,
}

struct Scenario {
    name: &'static str,
    rungs: &'static [&'static str],
    preflight: bool,
    which: Which,
    script: fn(&Case),
    /// Is the reply to the first mail lost? One more doubt, by a kill, and it is not repeated again.
    mail_in_doubt: bool,
    /// How many kills the sample has.
    sampled: usize,
}

impl Scenario {
    const PLAIN: Self = Self {
        name: "",
        rungs: &WHOLE_LADDER,
        preflight: false,
        which: Which::First,
        script: |_| {},
        mail_in_doubt: false,
        sampled: 4,
    };
}

/// What was received, in all cases together.
#[derive(Default)]
struct Received {
    calls: AtomicUsize,
    messages: AtomicUsize,
    webhooks: AtomicUsize,
    webhooks_again: AtomicUsize,
    mails: AtomicUsize,
    mails_again: AtomicUsize,
}

impl Received {
    fn tell(&self, name: &str) {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        say(&format!(
            "{name}: {} calls, {} messages, {} webhooks and {} repeats, {} mails and {} repeats",
            of(&self.calls),
            of(&self.messages),
            of(&self.webhooks),
            of(&self.webhooks_again),
            of(&self.mails),
            of(&self.mails_again)
        ));
    }
}

struct Case {
    rig: Rig,
    hook: FakeFeed,
    smtp: FakeSmtp,
}

impl Case {
    fn new(rungs: &[&str], preflight: bool) -> Self {
        let rig = Rig::new(Setup { preflight, ..Setup::ONE });
        let (hook, smtp) = (FakeFeed::start(Serves::status(200)), FakeSmtp::start(Security::None));
        let config = rig.path("config.toml");
        let mut text = std::fs::read_to_string(&config).unwrap();
        // A mail is a dialogue of many lines.
        for (quick, slow) in [
            ("request_timeout = \"400ms\"", "request_timeout = \"1500ms\""),
            ("hard_timeout = \"500ms\"", "hard_timeout = \"1600ms\""),
            ("lease = \"3s\"", "lease = \"4s\""),
            (CALL, &rungs.concat()),
        ] {
            assert!(text.contains(quick), "{quick}");
            text = text.replace(quick, slow);
        }
        let server = smtp.config("");
        write!(
            text,
            "email = \"p0@example.com\"\n[email]\nhost = \"{}\"\nport = {}\nsecurity = \"none\"\n\
             from = \"savehub@example.com\"\n[webhook.hook]\nurl = \"{}\"\n",
            server.host,
            server.port,
            hook.url()
        )
        .unwrap();
        std::fs::write(config, text).unwrap();
        Self { rig, hook, smtp }
    }

    fn of(scenario: &Scenario) -> Self {
        let case = Self::new(scenario.rungs, scenario.preflight);
        (scenario.script)(&case);
        if scenario.which == Which::Second {
            let ran = case.rig.run(&["tick", "-q"]);
            assert_eq!(ran.code, 0, "{}", ran.err);
        }
        case
    }

    fn points(&self, args: &[&str]) -> Vec<Point> {
        let mut all = points(&self.rig.savehub(args), &self.rig.path("log"), "config.toml").own;
        all.retain(|point| !INSIDE.contains(&point.syscall.as_str()));
        all
    }

    /// Kills it there, and waits until the fake has dealt with what it sent.
    fn kill(&self, args: &[&str], point: &Point) -> bool {
        let (fired, _) = inject(&self.rig.savehub(args), &self.rig.path("log"), point, "signal=KILL");
        self.rig.drain();
        fired
    }

    /// Kind, state and reason of every step.
    fn steps(&self) -> Vec<(String, String, Option<String>)> {
        let connection = self.rig.connect();
        let mut statement = connection.prepare("select kind, state, reason from steps order by rung").unwrap();
        let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Keys of everything that was posted, in order.
    fn keys(&self) -> Vec<String> {
        let key = |r: crate::support::wire::Request| r.header("idempotency-key").unwrap_or("none").to_owned();
        self.hook.requests().into_iter().map(key).collect()
    }

    /// Message-IDs of everything that was mailed, in order.
    fn message_ids(&self) -> Vec<String> {
        let id = |mail: &String| mail.lines().find(|l| l.starts_with("Message-ID:")).unwrap_or("none").to_owned();
        self.smtp.mails().iter().map(id).collect()
    }

    /// Sids of all calls and messages at the provider that no attempt of the database has.
    fn strangers(&self) -> Vec<String> {
        let calls = self.rig.fake.calls().into_iter().map(|c| c.sid);
        let sids = calls.chain(self.rig.fake.sent().into_iter().map(|m| m.sid));
        let sql = "select count(*) from attempts where sid = ?1 and state = 'ACCEPTED'";
        let connection = self.rig.connect();
        sids.filter(|sid| connection.query_row(sql, [sid], |r| r.get::<_, i64>(0)).unwrap() == 0).collect()
    }

    /// Everything that was sent, by kind.
    fn sent(&self, kind: &str) -> usize {
        match kind {
            "call" => self.rig.fake.calls().len(),
            "sms" => self.rig.fake.sent().len(),
            "webhook" => self.keys().len(),
            _ => self.smtp.mails().len(),
        }
    }

    /// Adds up what was received.
    fn add_to(&self, received: &Received) {
        received.calls.fetch_add(self.sent("call"), Ordering::SeqCst);
        received.messages.fetch_add(self.sent("sms"), Ordering::SeqCst);
        let of = |first: &AtomicUsize, again: &AtomicUsize, sent: usize| {
            first.fetch_add(sent.min(1), Ordering::SeqCst);
            again.fetch_add(sent.saturating_sub(1), Ordering::SeqCst);
        };
        of(&received.webhooks, &received.webhooks_again, self.sent("webhook"));
        of(&received.mails, &received.mails_again, self.sent("email"));
    }

    /// A count of rows.
    fn count(&self, sql: &str) -> i64 {
        self.rig.connect().query_row(sql, [], |r| r.get(0)).unwrap()
    }

    /// The whole verdict over a ladder that was climbed to its end: every step ended as executed, since no script gives
    /// a reason for another end; but for a mail that was received and is twice in doubt.
    fn judge(&self, scenario: &Scenario, name: &str, fired: bool, mut wrong: Vec<String>) -> Tally {
        let mut tally = Tally { cases: 1, fired: usize::from(fired), ..Tally::default() };
        let steps = self.steps();
        for (kind, state, reason) in &steps {
            let (sent, most) = (self.sent(kind), if kind == "email" { 2 } else { usize::MAX });
            let once = matches!(kind.as_str(), "call" | "sms");
            tally.rang += usize::from(sent > 0);
            if once && sent > 1 || sent > most {
                tally.duplicates += 1;
                wrong.push(format!("DUPLICATE: {sent} of kind {kind}"));
            }
            let unknown = (kind.as_str(), state.as_str(), reason.as_deref()) == ("email", "FAILED", Some("unknown"));
            if sent > 0 && scenario.mail_in_doubt && unknown {
                *tally.reasons.entry("email FAILED(unknown)".into()).or_default() += 1;
            } else if sent == 0 || state != "EXECUTED" {
                tally.losses += 1;
                wrong.push(format!("LOST: {kind} was sent {sent} times, and is {state} ({reason:?})"));
            }
        }
        if steps.is_empty() {
            tally.losses += 1;
            wrong.push("LOST: there is no step".into());
        }
        for (what, of_each) in [("keys", self.keys()), ("Message-IDs", self.message_ids())] {
            let different: BTreeSet<&String> = of_each.iter().collect();
            if different.len() > 1 || of_each.iter().any(|one| one == "none") {
                wrong.push(format!("{what} of one step: {of_each:?}"));
            }
        }
        self.verdict(name, tally, wrong)
    }

    /// What holds in every case, and the words of a failure.
    fn verdict(&self, name: &str, mut tally: Tally, mut wrong: Vec<String>) -> Tally {
        let connection = self.rig.connect();
        wrong.extend(self.strangers().iter().map(|sid| format!("the database does not know {sid}")));
        let damage: String = connection.query_row("pragma integrity_check", [], |r| r.get(0)).unwrap();
        wrong.extend((damage != "ok").then_some(damage));
        tally.stuck = usize::try_from(still_open(&connection)).unwrap();
        if tally.stuck > 0 {
            wrong.push(format!("STUCK: {} steps, attempts or hang-ups are open", tally.stuck));
        }
        if !wrong.is_empty() {
            let messages: Vec<_> = self.rig.fake.sent().into_iter().map(|m| (m.sid, m.status, m.body)).collect();
            let posted = (self.keys(), self.message_ids());
            let picture = picture(&self.rig, &connection);
            tally.wrong.push(format!("{name}: {}\n{picture}  {messages:?}\n  {posted:?}", wrong.join("; ")));
        }
        tally
    }
}

fn sweep(name: &str, scenarios: &[Scenario]) {
    if !able(name) {
        return;
    }
    let received = Received::default();
    let killed = |(scenario, point): &(&Scenario, Point)| {
        let case = Case::of(scenario);
        let fired = case.kill(&["tick", "-q"], point);
        let wrong = case.rig.recover();
        case.add_to(&received);
        case.judge(scenario, &format!("{}: killed before {point}", scenario.name), fired, wrong)
    };
    let (mut chosen, mut sum) = (Vec::new(), Tally::default());
    for (turn, scenario) in scenarios.iter().enumerate() {
        let all = Case::of(scenario).points(&["tick", "-q"]);
        let some = if whole() { all } else { sample(&all, scenario.sampled, turn) };
        let of_this: Vec<_> = some.into_iter().map(|point| (scenario, point)).collect();
        if whole() {
            // A line of counts for each.
            let tally = Tally::of(&of_this, killed);
            tally.hold(&format!("{name}, {}", scenario.name));
            sum += tally;
        } else {
            chosen.extend(of_this);
        }
    }
    // All at once: much of a case is waiting.
    sum += Tally::of(&chosen, killed);
    received.tell(name);
    sum.hold(name);
}

fn lose_message(case: &Case) {
    case.rig.fake.script_for(Endpoint::Send, [Behaviour::AcceptAndLoseReply]);
}

fn lose_call(case: &Case) {
    case.rig.fake.script([Behaviour::AcceptAndLoseReply]);
}

fn fail_webhook(case: &Case) {
    case.hook.script([Serves::status(500)]);
}

fn lose_webhook(case: &Case) {
    case.hook.script([Serves::Raw(Vec::new())]);
}

fn lose_mail(case: &Case) {
    case.smtp.script([(".", Turn::SaysAndEnds(""))]);
}

fn lose_all(case: &Case) {
    for lose in [lose_message, lose_call, lose_webhook, lose_mail] {
        lose(case);
    }
}

#[test]
fn a_ladder_whose_tick_is_killed_is_climbed_to_its_end_with_one_call_one_message_and_one_key() {
    const PLAIN: Scenario = Scenario::PLAIN;
    let (name, after) = ("all replies lost, next tick", Which::Second);
    sweep(
        "kill, ladder",
        &[
            Scenario { name: "all fine", ..PLAIN },
            Scenario { name: "all fine with preflight", preflight: true, ..PLAIN },
            Scenario { name: "reply to the message lost", script: lose_message, ..PLAIN },
            Scenario { name: "reply to the call lost", script: lose_call, ..PLAIN },
            Scenario { name: "500 to the webhook", script: fail_webhook, ..PLAIN },
            Scenario { name: "reply to the webhook lost", script: lose_webhook, ..PLAIN },
            Scenario { name, script: lose_all, which: after, mail_in_doubt: true, sampled: 6, ..PLAIN },
            // Alone, a worker's own system calls are all reached.
            Scenario { name: "a message alone, reply lost", rungs: &[SMS], script: lose_message, ..PLAIN },
            Scenario { name: "a webhook alone, reply lost", rungs: &[WEBHOOK], script: lose_webhook, ..PLAIN },
        ],
    );
}

// --- people who are there ---

/// A message and a call wait at the provider, a webhook for its time after the start.
fn sent() -> Case {
    let case = Case::new(&[SMS, CALL, LATER], false);
    let ran = case.rig.run(&["tick", "-q"]);
    assert_eq!((ran.code, case.sent("sms"), case.sent("call")), (0, 1, 1), "{}", ran.err);
    case
}

/// The same, and somebody has answered; Twilio's times are whole seconds.
fn answered() -> Case {
    let case = sent();
    wait(2_100);
    case.rig.fake.gets_message(&Phone::parse(&number(0)).unwrap(), "1");
    case
}

/// The incident ended as joined, and that ended all: nothing more was sent, and what waited was called off.
fn over(case: &Case, name: &str, fired: bool, mut wrong: Vec<String>) -> Tally {
    let incidents = "select count(*) from incidents where state = 'RESOLVED' and reason = 'joined'";
    if case.count(incidents) != 1 {
        wrong.push("LOST: the incident is not resolved".into());
    }
    let ended = |kind: &str, state: &str, reason: &str| (kind.to_owned(), state.to_owned(), Some(reason.to_owned()));
    let expected = [
        ended("sms", "EXECUTED", "initiated"),
        ended("call", "EXECUTED", "initiated"),
        ended("webhook", "CANCELLED", "joined"),
    ];
    let steps = case.steps();
    if steps != expected {
        wrong.push(format!("steps {steps:?}"));
    }
    let (calls, messages) = (case.rig.fake.calls(), case.rig.fake.sent());
    let statuses = calls.iter().map(|c| c.status.clone()).chain(messages.iter().map(|m| m.status.to_owned()));
    let statuses: Vec<_> = statuses.collect();
    if statuses != ["canceled"; 2] || case.sent("webhook") > 0 {
        wrong.push(format!("{statuses:?} of call and message, {} webhooks", case.sent("webhook")));
    }
    let duplicates = calls.len().saturating_sub(1) + messages.len().saturating_sub(1);
    let lost = case.count(incidents) != 1;
    let tally = Tally {
        cases: 1,
        fired: usize::from(fired),
        duplicates,
        losses: usize::from(lost),
        rang: 2,
        ..Tally::default()
    };
    case.verdict(name, tally, wrong)
}

/// So many ticks; what went wrong in them.
fn ticks(case: &Case, count: usize) -> Vec<String> {
    let ran = (0..count).map(|_| case.rig.run(&["tick", "-q"]));
    let bad = ran.filter(|ran| ran.code != 0 || ran.panicked());
    bad.map(|ran| format!("a tick after it ended with {}: {}", ran.code, ran.err)).collect()
}

#[test]
fn a_reply_that_a_killed_tick_was_hearing_is_used_once_and_never_lost() {
    let name = "kill, hearing a reply";
    if !able(name) {
        return;
    }
    let all = answered().points(&["tick", "-q"]);
    let chosen = if whole() { all } else { sample(&all, 6, 1) };
    let by_the_killed = AtomicUsize::new(0);
    let tally = Tally::of(&chosen, |point| {
        let case = answered();
        let fired = case.kill(&["tick", "-q"], point);
        let used = "select count(*) from heard where effect = 'joined'";
        let before = case.count(used);
        by_the_killed.fetch_add(usize::try_from(before).unwrap(), Ordering::SeqCst);
        let mut wrong = ticks(&case, 2);
        if (case.count(used), case.count("select count(*) from heard_incidents")) != (1, 1) {
            wrong.push(format!("the reply was used {} times", case.count(used)));
        }
        if case.count("select count(*) from heard") != 1 {
            wrong.push("more was heard than was said".into());
        }
        over(&case, &format!("{name}: killed before {point}"), fired, wrong)
    });
    let by_the_killed = by_the_killed.into_inner();
    say(&format!("{name}: used {by_the_killed} times by the killed tick, else by the next"));
    tally.hold(name);
}

#[test]
fn a_killed_check_in_is_whole_or_was_none_and_calls_off_what_waits() {
    let name = "kill, checking in with a message queued";
    if !able(name) {
        return;
    }
    let all = sent().points(&["checkin", "m1"]);
    let chosen = if whole() { all } else { sample(&all, 6, 1) };
    let done = AtomicUsize::new(0);
    let tally = Tally::of(&chosen, |point| {
        let case = sent();
        let fired = case.kill(&["checkin", "m1"], point);
        let resolved = case.count("select count(*) from incidents where state = 'RESOLVED'");
        done.fetch_add(usize::try_from(resolved).unwrap(), Ordering::SeqCst);
        let mut wrong = ticks(&case, 1);
        let name = format!("{name}: killed before {point}");
        if resolved == 1 {
            return over(&case, &name, fired, wrong);
        }
        let waits = case.count("select count(*) from steps where state = 'PENDING'");
        let state = case.count("select count(*) from incidents where state = 'ESCALATING'");
        let live = case.rig.fake.calls().iter().filter(|c| c.is_live()).count();
        if (waits, state, live, case.rig.fake.sent()[0].status) != (1, 1, 1, "queued") {
            wrong.push(format!("half a check-in: {waits} steps wait, {live} calls ring"));
        }
        let ran = case.rig.run(&["checkin", "m1"]);
        if ran.code != 0 {
            wrong.push(format!("the second check-in ended with {}: {}", ran.code, ran.err));
        }
        over(&case, &name, fired, wrong)
    });
    say(&format!("{name}: {} of the killed check-ins counted, the others were made again", done.into_inner()));
    tally.hold(name);
}
