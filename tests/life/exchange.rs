//! The provider of the day: it makes calls in memory, as a telephone exchange would, and can be out of reach.

use crate::day::{Day, instant};
use crate::journal::{End, Seen, Whom};
use crate::story::{Lie, Network, SECOND};
use savehub::model::{
    Accepted, Address, CallList, CallReport, CallStatus, Doubt, HangUp, Inbound, ListedCall, NotSentCause, Outcome,
    Phone, ProviderKind, Rejection, RejectionClass, Reply, ReplyMeta, Request, RungKind, Target, Timestamp,
};
use savehub::provider::{Ask, Gate, Hearing, KeyObstacle, ListPage, Provider, ProviderError, Providers};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

/// The phone of a person.
pub fn phone(person: usize) -> String {
    format!("+120255501{person:02}")
}

/// A number that calls come from.
pub fn sender(number: usize) -> String {
    format!("+120255501{:02}", 90 + number)
}

/// The person or sender of a number.
fn number_of(phone: &Phone) -> usize {
    let last: usize = phone.expose()[10..].parse().unwrap();
    if last >= 90 { last - 90 } else { last }
}

/// The meetings of a request.
fn named(request: &Request) -> Vec<usize> {
    request.facts.meetings.iter().map(|m| m.uid[1..].parse().unwrap()).collect()
}

/// How long a phone rings, since nobody answers.
const RINGS_MS: i64 = 25 * SECOND;

struct Call {
    sid: String,
    to: usize,
    from: Address,
    created_at: Timestamp,
    hung_up: bool,
    /// Another program made it.
    others: bool,
    /// It cannot be connected.
    fails: bool,
}

impl Call {
    fn status(&self, now: Timestamp) -> CallStatus {
        match now.since(self.created_at) {
            _ if self.hung_up => CallStatus::Canceled,
            ..SECOND => CallStatus::Queued,
            SECOND..RINGS_MS if !self.fails => CallStatus::Ringing,
            _ if self.fails => CallStatus::Failed,
            _ => CallStatus::NoAnswer,
        }
    }
}

/// Something a person said: a text, or a call back without one.
struct Answer {
    by: usize,
    at: Timestamp,
    text: Option<&'static str>,
}

/// How things stand there and on the way there.
pub struct Lines {
    pub network: Network,
    pub flip_after: Option<u32>,
    pub lists: bool,
    pub next: VecDeque<Lie>,
    pub senders_refused: BTreeSet<usize>,
    pub callees_refused: BTreeSet<usize>,
    pub account_refused: bool,
    calls: Vec<Call>,
    answers: Vec<Answer>,
}

/// The exchange, seen from the day's machine.
pub struct Exchange {
    day: Weak<Day>,
    lines: Mutex<Lines>,
    /// The first sender, to which everybody answers.
    answered: [Phone; 1],
}

impl Exchange {
    pub fn new(day: Weak<Day>) -> Self {
        let lines = Lines {
            network: Network::Up,
            flip_after: None,
            lists: true,
            next: VecDeque::new(),
            senders_refused: BTreeSet::new(),
            callees_refused: BTreeSet::new(),
            account_refused: false,
            calls: Vec::new(),
            answers: Vec::new(),
        };
        Self { day, lines: Mutex::new(lines), answered: [Phone::parse(&sender(0)).unwrap()] }
    }

    pub fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap()
    }

    /// This person answers: with a text, or by calling back.
    pub fn answered(&self, by: usize, text: Option<&'static str>, at: Timestamp) {
        self.lines().answers.push(Answer { by, at, text });
    }

    /// Another program calls.
    pub fn calls_too(&self, to: usize, at: Timestamp) {
        let (lines, from) = (&mut self.lines(), Address::read(&sender(0)));
        let sid = format!("CA{:032}", lines.calls.len());
        lines.calls.push(Call { sid, to, from, created_at: at, hung_up: false, others: true, fails: false });
    }

    fn day(&self) -> Arc<Day> {
        self.day.upgrade().unwrap()
    }

    /// A connection. What happens at this moment happens first.
    fn connect(&self) -> Result<(), NotSentCause> {
        let day = self.day();
        day.catches_up();
        let network = {
            let mut lines = self.lines();
            let count = lines.flip_after;
            lines.flip_after = count.and_then(|left| left.checked_sub(1));
            if count == Some(0) {
                lines.network = if lines.network == Network::Up { Network::Refused } else { Network::Up };
            }
            lines.network
        };
        match network {
            Network::Up => Ok(()),
            Network::Refused => Err(NotSentCause::Connect),
            Network::NoNames => {
                day.clock.runs(5 * SECOND);
                Err(NotSentCause::Dns)
            }
        }
    }

    fn ask(&self) -> Result<(), ProviderError> {
        let told = self.connect().is_ok() && self.lines().lists;
        if told { Ok(()) } else { Err(ProviderError::Transient("out of reach".into())) }
    }

    fn create(&self, request: &Request, gate: &dyn Gate) -> (End, Outcome) {
        let day = self.day();
        day.happens_at_the_gate();
        if let Err(cause) = self.connect() {
            let reply = Reply::not_sent(cause, "out of reach");
            return (End::NotSent, reply.outcome);
        }
        if let Err(reason) = gate.pass() {
            return (End::Fenced(reason.to_string()), Reply::fenced(reason).outcome);
        }
        let (to, from) = (number_of(request.to.address.phone().unwrap()), number_of(request.from.phone().unwrap()));
        let mut lines = self.lines();
        let lie = lines.next.pop_front();
        let refused = |class, code, whom| {
            let (message, retry_after) = ("refused".into(), (whom == Whom::Limit).then_some(Duration::from_secs(5)));
            (End::Refused(whom), Outcome::Rejected(Rejection { class, code: Some(code), message, retry_after }))
        };
        let doubt = || Outcome::Unknown(Doubt { detail: "no answer".into() });
        match lie {
            _ if lines.account_refused => return refused(RejectionClass::Ours, 20003, Whom::Account),
            _ if lines.senders_refused.contains(&from) => return refused(RejectionClass::Ours, 21210, Whom::Sender),
            _ if lines.callees_refused.contains(&to) => return refused(RejectionClass::Callee, 21211, Whom::Callee),
            Some(Lie::Limit) => return refused(RejectionClass::Capacity, 20429, Whom::Limit),
            Some(Lie::RequestLost) => return (End::Lost, doubt()),
            Some(Lie::ReplyLost | Lie::Fails) | None => {}
        }
        let sid = format!("CA{:032}", lines.calls.len());
        let created_at = day.clock.by_the_sun();
        let (from, fails) = (request.from.clone(), lie == Some(Lie::Fails));
        lines.calls.push(Call { sid: sid.clone(), to, from, created_at, hung_up: false, others: false, fails });
        match lie {
            Some(Lie::ReplyLost) => (End::RangUnseen, doubt()),
            _ => (End::Rang, Outcome::Accepted(Accepted { sid, status: CallStatus::Queued })),
        }
    }

    /// A text to person 0.
    fn text(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if let Err(cause) = self.connect() {
            return Reply::not_sent(cause, "out of reach");
        }
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        self.day().sees(Seen::Told { meetings: named(request) });
        let taken = Accepted { sid: format!("SM{}", request.token), status: CallStatus::Queued };
        Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
    }

    /// How far the sun is ahead of the clock of who asks, as an answer's `Date` tells it: a tick corrects its clock.
    fn skew_ms(&self, asked_at: Timestamp) -> i64 {
        self.day().clock.by_the_sun().since(asked_at)
    }

    fn report(&self, sid: &str, end: bool, asked_at: Timestamp) -> Result<CallReport, ProviderError> {
        let skew_ms = Some(self.skew_ms(asked_at));
        self.connect().map_err(|_| ProviderError::Transient("out of reach".into()))?;
        if sid.starts_with("SM") {
            return Ok(CallReport::of(CallStatus::Delivered));
        }
        let (mut lines, now) = (self.lines(), self.day().clock.by_the_sun());
        let call = lines.calls.iter_mut().find(|call| call.sid == sid).ok_or(ProviderError::NotFound)?;
        if end && !call.status(now).is_final() {
            call.hung_up = true;
            if call.others {
                self.day().sees(Seen::HungUpOther);
            }
        }
        let status = call.status(now);
        if status == CallStatus::Failed {
            let taken = call.created_at.since(instant(0));
            self.day().sees(Seen::ToldFailed { to: call.to, taken });
        }
        Ok(CallReport { skew_ms, ..CallReport::of(status) })
    }
}

impl Provider for Exchange {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Twilio
    }

    fn account(&self) -> &str {
        ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        (0..self.day().story.senders).map(|number| Address::read(&sender(number))).collect()
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if request.to.kind == RungKind::Sms {
            return self.text(request, gate);
        }
        let skew_ms = self.skew_ms(request.intent_at);
        let (end, outcome) = self.create(request, gate);
        let (to, from) = (number_of(request.to.address.phone().unwrap()), number_of(request.from.phone().unwrap()));
        let (day, meetings) = (self.day(), named(request));
        day.sees(Seen::Tried { to, from, meetings, end });
        let answered = !matches!(outcome, Outcome::NotSent(_) | Outcome::Unknown(_));
        let (http_status, skew_ms) = (answered.then_some(201), answered.then_some(skew_ms));
        day.rules.reply(Reply { outcome, meta: ReplyMeta { http_status, skew_ms, ..ReplyMeta::default() } })
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.report(sid, false, now)
    }

    fn hang_up(&self, sid: &str, _: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.report(sid, true, now)
    }

    fn keeps_a_list(&self) -> bool {
        true
    }

    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        let skew_ms = Some(self.skew_ms(now));
        let (asked, day) = (self.ask(), self.day());
        if to.kind == RungKind::Sms {
            return asked.map(|()| CallList { calls: Vec::new(), server_now: day.clock.by_the_sun(), skew_ms: None });
        }
        let to = number_of(to.address.phone().unwrap());
        day.sees(Seen::AskedForCalls { to, told: asked.is_ok() });
        asked?;
        let (lines, server_now) = (self.lines(), day.clock.by_the_sun());
        let told_since = day.rules.lists_since(day.forgot_at());
        let told = |call: &&Call| call.to == to && from.contains(&call.from) && call.created_at >= told_since;
        let wanted = lines.calls.iter().filter(told);
        let calls = wanted.map(|call| ListedCall {
            sid: call.sid.clone(),
            from: call.from.clone(),
            status: call.status(server_now),
            created_at: Timestamp::from_ms(call.created_at.ms() / 1000 * 1000),
            tag: None,
        });
        Ok(CallList { calls: calls.collect(), server_now, skew_ms })
    }
}

impl Exchange {
    /// What was said since then, with or without a text, on one page.
    fn heard(&self, ask: &Ask<'_>, is_text: bool) -> Result<ListPage<Inbound>, ProviderError> {
        let (asked, by) = (self.ask(), number_of(ask.from.expect("few are asked about one by one")));
        self.day().sees(Seen::AskedForAnswers { of: by, told: asked.is_ok() });
        asked?;
        let lines = self.lines();
        let said = lines.answers.iter().enumerate().filter(|(_, said)| {
            let in_time = self.day().clock.shown(said.at) >= ask.since;
            said.by == by && said.text.is_some() == is_text && in_time
        });
        let entries = said.map(|(number, said)| Inbound {
            sid: format!("{}{number}", if is_text { "SM" } else { "CB" }),
            from: ask.from.expect("the same").clone(),
            to: self.answered[0].clone(),
            body: said.text.unwrap_or_default().to_owned(),
            created_at: self.day().clock.shown(said.at),
            provider_at: said.at,
        });
        Ok(ListPage { entries: entries.collect(), flaw: None, next: None })
    }
}

impl Hearing for Exchange {
    fn numbers(&self) -> &[Phone] {
        &self.answered
    }

    fn messages(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        self.heard(ask, true)
    }

    fn calls_back(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        self.heard(ask, false)
    }

    fn all_keys(&self, _: &Ask<'_>) -> Result<ListPage<(String, char)>, ProviderError> {
        Ok(ListPage { entries: Vec::new(), flaw: None, next: None })
    }

    fn keys(&self, _: &str, _: Timestamp) -> Result<Option<char>, ProviderError> {
        Ok(None)
    }

    fn key_obstacle(&self, _: Timestamp, _: Timestamp) -> Result<Option<KeyObstacle>, ProviderError> {
        Ok(None)
    }
}

/// The providers of the day's machine: the exchange, and nobody else.
pub struct Reached(pub Arc<Exchange>);

impl Providers for Reached {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        matches!(kind, RungKind::Call | RungKind::Sms).then(|| Arc::clone(&self.0) as Arc<dyn Provider>)
    }

    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        self.of(kind).filter(|_| provider == ProviderKind::Twilio && account == ACCOUNT)
    }

    fn hearing(&self) -> Option<Arc<dyn Hearing>> {
        Some(Arc::clone(&self.0) as Arc<dyn Hearing>)
    }
}
