//! Every lie of the network and of the provider has exactly one outcome, and none makes a second request.

use crate::support::fake_twilio::{ACCOUNT, Behaviour, Endpoint, FakeTwilio, Latch, TOKEN};
use crate::support::{Looks, call, called, engine, sender, twilio_config};
use savehub::clock::ManualClock;
use savehub::http::Lookup;
use savehub::model::{FenceReason, NotSentCause, Outcome, RejectionClass};
use savehub::provider::Provider;
use savehub::provider::http::HttpClient;
use savehub::provider::twilio::{Twilio, http_settings};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const PATIENT: Duration = Duration::from_secs(20);
/// For lies that never answer: an answer is awaited for 40 % of it, a connection for 25 %.
const HASTY: Duration = Duration::from_secs(5);
/// How long a lagging list hides a call.
const LAG: Duration = Duration::from_secs(30);

/// One row of the matrix.
struct Row {
    name: &'static str,
    lie: Lie,
    /// What the provider port says.
    class: Class,
    /// Calls that exist when it has said so.
    calls: usize,
    /// What the list shows then.
    list: Shows,
    /// Calls that exist, and are listed, once every latch is open and [`LAG`] is over.
    in_the_end: usize,
}

enum Lie {
    /// The request arrives, and this happens to it.
    Arrives(Behaviour),
    /// As that, and nothing more happens until the client has given up.
    Never(Behaviour),
    /// As that, and what is scripted with a latch goes on when the client is long gone.
    Late(fn(&Latch) -> Behaviour),
    /// It arrives, its call is made and its reply lost; then the list meets this.
    ListIsDown(Behaviour),
    /// As that; then the list hides the call for [`LAG`].
    ListLags,
    /// It is answered, by a clock that is so many milliseconds ahead.
    WrongDate(i64),
    /// Nothing listens.
    Refused,
    /// The name does not resolve.
    NoSuchHost,
    /// Resolving the name takes too long.
    NameHangs,
    /// The listener's queue is full: connecting takes for ever.
    ConnectHangs,
    /// What listens does not speak TLS.
    NoTls,
    /// Other credentials than the provider's.
    WrongToken,
    /// The gate refuses at its first or second look.
    Fenced(usize),
}

/// What the list of calls shows.
#[derive(Debug, PartialEq)]
enum Shows {
    Calls(usize),
    Error,
}

/// The outcome classes of the design; of a refusal also its code, of a capacity refusal the seconds to wait.
#[derive(Debug, PartialEq)]
enum Class {
    Accepted,
    Capacity(Option<u32>, Option<u64>),
    Callee(Option<u32>),
    Ours(Option<u32>),
    Other,
    NotSent(NotSentCause),
    Unknown,
}

impl Class {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted(_) => Self::Accepted,
            Outcome::NotSent(not_sent) => Self::NotSent(not_sent.cause),
            Outcome::Unknown(_) => Self::Unknown,
            Outcome::Rejected(refused) => match refused.class {
                RejectionClass::Capacity => Self::Capacity(refused.code, refused.retry_after.map(|d| d.as_secs())),
                RejectionClass::Callee => Self::Callee(refused.code),
                RejectionClass::Ours => Self::Ours(refused.code),
                RejectionClass::Other => Self::Other,
            },
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Capacity(..) => "REJECTED capacity",
            Self::Callee(_) => "REJECTED callee",
            Self::Ours(_) => "REJECTED ours",
            Self::Other => "REJECTED other",
            Self::NotSent(_) => "NOT_SENT",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A lie after which so many calls exist, for good, and the list shows them.
fn row(name: &'static str, lie: Lie, class: Class, calls: usize) -> Row {
    Row { name, lie, class, calls, list: Shows::Calls(calls), in_the_end: calls }
}

fn arrives(name: &'static str, behaviour: Behaviour, class: Class, calls: usize) -> Row {
    row(name, Lie::Arrives(behaviour), class, calls)
}

/// Nothing left, so nothing can exist.
fn never_left() -> Vec<Row> {
    let unsent = |name, lie, cause| row(name, lie, Class::NotSent(cause), 0);
    let fenced = NotSentCause::Fenced(FenceReason::IncidentEnded);
    vec![
        unsent("refused", Lie::Refused, NotSentCause::Connect),
        unsent("no such host", Lie::NoSuchHost, NotSentCause::Dns),
        unsent("resolving the name takes too long", Lie::NameHangs, NotSentCause::Dns),
        unsent("connecting takes too long", Lie::ConnectHangs, NotSentCause::Connect),
        unsent("TLS fails", Lie::NoTls, NotSentCause::Tls),
        unsent("the fence refuses before anything", Lie::Fenced(0), fenced),
        unsent("the fence refuses at the body", Lie::Fenced(1), fenced),
    ]
}

/// Complete answers that say what happened.
fn certain() -> Vec<Row> {
    use Class::{Accepted, Callee, Capacity, Other, Ours};
    let error = Behaviour::error;
    vec![
        arrives("201", Behaviour::Answer, Accepted, 1),
        arrives("429 with Retry-After", Behaviour::too_many(7), Capacity(Some(20429), Some(7)), 0),
        arrives("429 with nothing", Behaviour::Status(429, String::new(), vec![]), Capacity(None, None), 0),
        arrives("400 + 10004, too many calls", error(400, 10004, "Concurrency"), Capacity(Some(10004), None), 0),
        arrives("400 + 21211, no number", error(400, 21211, "Invalid 'To'"), Callee(Some(21211)), 0),
        arrives("400 + 21215, geo permission", error(400, 21215, "Not authorized"), Callee(Some(21215)), 0),
        arrives("400 + 21219, trial account", error(400, 21219, "Unverified"), Callee(Some(21219)), 0),
        arrives("400 + 21216, blocked", error(400, 21216, "Blocked"), Callee(Some(21216)), 0),
        row("401 + 20003, wrong token", Lie::WrongToken, Ours(Some(20003)), 0),
        arrives("401 with HTML", Behaviour::Status(401, "<html>".into(), vec![]), Ours(None), 0),
        arrives("403 + 20005, suspended", error(403, 20005, "Account not active"), Ours(Some(20005)), 0),
        arrives("404 + 20404, no such account", error(404, 20404, "Not found"), Ours(Some(20404)), 0),
        arrives("400 + 21210, our number", error(400, 21210, "Not verified"), Ours(Some(21210)), 0),
        arrives("400 + 21205, our bug", error(400, 21205, "Url required"), Ours(Some(21205)), 0),
        arrives("400 with a code nobody knows", error(400, 99999, "?"), Other, 0),
    ]
}

/// No answer, or none that says what happened. Each with and without a call, since nobody here can tell.
fn doubtful() -> Vec<Row> {
    let unknown = |name, behaviour, calls| arrives(name, behaviour, Class::Unknown, calls);
    let mut rows = vec![
        row("silence", Lie::Never(Behaviour::Silence), Class::Unknown, 0),
        row("silence after accept", Lie::Never(Behaviour::Silence.accepted()), Class::Unknown, 1),
        row("reply after the client gave up", Lie::Late(|l| Behaviour::AcceptThenDelay(l.clone())), Class::Unknown, 1),
        Row { in_the_end: 1, ..row("late accept", Lie::Late(Behaviour::accept_late), Class::Unknown, 0) },
    ];
    for (without, with, behaviour) in [
        ("close before accept", "close after accept", Behaviour::CloseBeforeReply),
        ("reset before accept", "reset after accept", Behaviour::Reset),
        ("500 without a call", "500 with a call", Behaviour::server_error()),
        ("503 without a call", "503 with a call", Behaviour::unavailable()),
        ("504 without a call", "504 with a call", Behaviour::Status(504, String::new(), vec![])),
        ("408 without a call", "408 with a call", Behaviour::Status(408, String::new(), vec![])),
        ("redirect without a call", "redirect with a call", Behaviour::redirect()),
        ("truncated 201 without a call", "truncated 201 with a call", Behaviour::truncated()),
        ("201 without sid and call", "201 without sid, with a call", Behaviour::without_sid()),
        ("HTML without a call", "HTML with a call", Behaviour::html()),
        ("10 MB without a call", "10 MB with a call", Behaviour::huge()),
        ("garbage without a call", "garbage with a call", Behaviour::garbage()),
    ] {
        rows.extend([unknown(without, behaviour.clone(), 0), unknown(with, behaviour.accepted(), 1)]);
    }
    rows
}

/// The reply is lost and the list that would tell is no help; or every clock is wrong.
fn lists() -> Vec<Row> {
    let blind = |name, lie| Row { list: Shows::Error, ..row(name, lie, Class::Unknown, 1) };
    vec![
        Row { list: Shows::Calls(0), ..row("list lags", Lie::ListLags, Class::Unknown, 1) },
        blind("list down: 500", Lie::ListIsDown(Behaviour::server_error())),
        blind("list down: 503", Lie::ListIsDown(Behaviour::unavailable())),
        blind("list down: 429", Lie::ListIsDown(Behaviour::too_many(7))),
        blind("list down: closed", Lie::ListIsDown(Behaviour::CloseBeforeReply)),
        blind("list down: reset", Lie::ListIsDown(Behaviour::Reset)),
        blind("list down: HTML", Lie::ListIsDown(Behaviour::html())),
        blind("list down: garbage", Lie::ListIsDown(Behaviour::garbage())),
        blind("list down: truncated", Lie::ListIsDown(Behaviour::truncated())),
        row("`Date` 1 h ahead", Lie::WrongDate(3_600_000), Class::Accepted, 1),
        row("`Date` 90 s behind", Lie::WrongDate(-90_000), Class::Accepted, 1),
    ]
}

/// What every name resolves to.
#[derive(Debug)]
struct Names(Result<SocketAddr, io::ErrorKind>);

impl Lookup for Names {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        Some(self.0.map(|addr| vec![addr]).map_err(io::Error::from))
    }
}

/// A listener whose queue is full: the kernel drops every further request to connect (listen(2)).
struct FullBacklog {
    addr: SocketAddr,
    _kept: (TcpListener, Vec<TcpStream>),
}

impl FullBacklog {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let (addr, mut queue) = (listener.local_addr().unwrap(), Vec::new());
        while let Ok(stream) = TcpStream::connect_timeout(&addr, Duration::from_millis(200)) {
            queue.push(stream);
            assert!(queue.len() < 64, "the queue does not fill");
        }
        Self { addr, _kept: (listener, queue) }
    }
}

/// The provider under this lie, and what must outlive the request.
fn provider(lie: &Lie, fake: &FakeTwilio, latch: &Latch) -> (Twilio, Option<FullBacklog>) {
    let named = |names: Names, limit| {
        let config = twilio_config("https://api.example.com", ACCOUNT, TOKEN);
        let http = HttpClient::with_lookup(http_settings(&config, &engine(limit)), Arc::new(names));
        Twilio::with_http(&config, http)
    };
    let at = |base_url: &str, token| Twilio::new(&twilio_config(base_url, ACCOUNT, token), &engine(PATIENT));
    let twilio = match lie {
        Lie::Refused => at(&FakeTwilio::refuse(), TOKEN),
        Lie::NoTls => at(&fake.base_url().replace("http://", "https://"), TOKEN),
        Lie::WrongToken => at(&fake.base_url(), "wrong"),
        Lie::NoSuchHost => named(Names(Err(io::ErrorKind::NotFound)), PATIENT),
        Lie::NameHangs => named(Names(Err(io::ErrorKind::TimedOut)), PATIENT),
        Lie::ConnectHangs => {
            let full = FullBacklog::new();
            return (named(Names(Ok(full.addr)), HASTY), Some(full));
        }
        Lie::Never(_) | Lie::Late(_) => Twilio::new(&fake.config(), &engine(HASTY)),
        _ => at(&fake.base_url(), TOKEN),
    };
    match lie {
        Lie::Arrives(behaviour) | Lie::Never(behaviour) => fake.script([behaviour.clone()]),
        Lie::Late(behaviour) => fake.script([behaviour(latch)]),
        Lie::ListIsDown(behaviour) => {
            fake.script([Behaviour::AcceptAndLoseReply]);
            fake.set_down(Endpoint::List, Some(behaviour.clone()));
        }
        Lie::ListLags => {
            fake.script([Behaviour::AcceptAndLoseReply]);
            fake.set_list_lag(LAG);
        }
        Lie::WrongDate(offset) => fake.set_date_offset_ms(*offset),
        _ => {}
    }
    (twilio, None)
}

/// What the list shows, and that its own clock is told.
fn listed(fake: &FakeTwilio, clock: &ManualClock, row: &Row) -> Shows {
    let now = savehub::clock::Clock::now(clock);
    let asker = Twilio::new(&fake.config(), &engine(PATIENT));
    let Ok(list) = asker.list(&called(23), &[sender(99)], now) else { return Shows::Error };
    if let Lie::WrongDate(offset) = row.lie {
        assert_eq!(list.server_now.since(now), offset, "{}", row.name);
        assert!(list.calls.iter().all(|c| c.created_at <= now), "a `Date` does not change when calls were made");
    }
    Shows::Calls(list.calls.len())
}

/// Places one call under the lie of this row and checks every column of it.
fn check(row: &Row) {
    let clock = Arc::new(ManualClock::at(call("").intent_at));
    let fake = FakeTwilio::with(Arc::clone(&clock) as _, TOKEN);
    let latch = Latch::default();
    let (twilio, full) = provider(&row.lie, &fake, &latch);
    let looks = if let Lie::Fenced(looks) = row.lie { looks } else { usize::MAX };
    let reply = twilio.place(&call("Hello"), &Looks::open_for(looks));
    let name = row.name;
    assert_eq!(Class::of(&reply.outcome), row.class, "{name}: {reply:?}");
    if let (Lie::WrongDate(offset), Some(skew)) = (&row.lie, reply.meta.skew_ms) {
        assert!((offset - 20_000..=*offset).contains(&skew), "{name}: {skew}");
    }
    let posts = usize::from(!matches!(row.class, Class::NotSent(_)));
    fake.wait_for_requests(posts);
    assert_eq!((fake.posts(), fake.calls().len()), (posts, row.calls), "{name}: requests and calls");
    assert_eq!(listed(&fake, &clock, row), row.list, "{name}: the list");
    latch.open();
    clock.advance(LAG);
    fake.set_down(Endpoint::List, None);
    fake.wait_for_calls(row.in_the_end);
    assert_eq!(listed(&fake, &clock, row), Shows::Calls(row.in_the_end), "{name}: the list in the end");
    assert_eq!((fake.posts(), fake.calls().len()), (posts, row.in_the_end), "{name}: in the end");
    drop(full);
}

#[test]
fn every_lie_has_its_outcome_and_is_told_one_request() {
    let rows: Vec<Row> = [never_left(), certain(), doubtful(), lists()].into_iter().flatten().collect();
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for row in &rows {
        check(row);
        let count = counts.entry(row.class.name()).or_default();
        count.0 += 1;
        count.1 += usize::from(!matches!(row.class, Class::NotSent(_)));
        count.2 += row.in_the_end;
    }
    println!("{:<20}{:>6}{:>10}{:>7}", "outcome", "lies", "requests", "calls");
    for (name, (lies, requests, calls)) in &counts {
        println!("{name:<20}{lies:>6}{requests:>10}{calls:>7}");
    }
    println!("{:<20}{:>6}", "in all", rows.len());
    // An accepted call exists; what was refused or never left does not; of the doubtful some do.
    let calls = |name: &str| counts[name].2;
    assert_eq!(calls("ACCEPTED"), counts["ACCEPTED"].0);
    assert!(counts.iter().filter(|(n, _)| n.starts_with("REJECTED") || **n == "NOT_SENT").all(|(_, c)| c.2 == 0));
    assert!((1..counts["UNKNOWN"].0).contains(&calls("UNKNOWN")));
}

#[test]
fn the_fake_keeps_no_connection_that_has_ended() {
    let fake = FakeTwilio::start();
    for _ in 0..100 {
        drop(TcpStream::connect(fake.addr()).unwrap());
    }
    // It comes as one more.
    fake.wait_for_idle();
    assert_eq!((fake.connections(), fake.open_connections()), (101, 0));
}
