//! A Twilio on loopback. It keeps every request byte by byte and every call it made, and does to each request what was
//! scripted for its kind. Its clock can be turned.

mod books;
mod routes;
mod talk;

use super::door::Door;
pub use super::fake_rules::FakeCall;
pub use super::fake_rules::ListShape;
use super::fake_rules::{Answer, rfc_date};
pub use super::fake_script::{Behaviour, Endpoint, Event, Latch, Life, answered, ends, unanswered};
use super::wire::{Request, field, response};
pub use books::ACCOUNT_CANARY;
use books::Books;
use routes::kind;
use savehub::clock::{Clock, SystemClock};
use savehub::config::TwilioConfig;
use savehub::model::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
pub use talk::FakeMessage;
use talk::Talk;

/// The account of the recordings.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// Its token.
pub const TOKEN: &str = "your_auth_token";
/// An account whose credentials are test credentials (docs/iam/test-credentials).
pub const TEST_ACCOUNT: &str = "ACfeedfeedfeedfeedfeedfeedfeedfeed";

/// How long a test waits for something that must come.
const PATIENCE: Duration = super::HUNG;

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// No request is kept, only counted.
    forgets: bool,
    /// How many came, and how many of them asked for a call.
    came: usize,
    creates: usize,
    broken: Vec<Vec<u8>>,
    calls: Vec<FakeCall>,
    talk: Talk,
    books: Books,
    scripts: HashMap<Endpoint, VecDeque<Behaviour>>,
    down: HashMap<Endpoint, Behaviour>,
    /// What a request to call or write from this number meets.
    refused_from: HashMap<String, Behaviour>,
    latches: Vec<Latch>,
    life: Life,
    dials_every: Option<Duration>,
    list_lag: Duration,
    list_hidden: Option<Latch>,
    list_shape: ListShape,
    date_offset_ms: i64,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    clock: Arc<dyn Clock>,
    token: String,
}

/// The fake. Everything ends when it is dropped.
pub struct FakeTwilio {
    shared: Arc<Shared>,
    door: Door,
}

impl FakeTwilio {
    /// On the system's clock, with [`TOKEN`].
    pub fn start() -> Self {
        Self::with(Arc::new(SystemClock), TOKEN)
    }

    /// On this clock, with this token for both accounts.
    pub fn with(clock: Arc<dyn Clock>, token: &str) -> Self {
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { state, changed: Condvar::new(), clock, token: token.into() });
        let door = Door::open({
            let shared = Arc::clone(&shared);
            move |stream| serve(stream, &shared)
        });
        Self { shared, door }
    }

    /// A base address where nothing listens.
    pub fn refuse() -> String {
        format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The port alone.
    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    /// [`ACCOUNT`] at this fake.
    pub fn config(&self) -> TwilioConfig {
        super::twilio_config(&self.base_url(), ACCOUNT, &self.shared.token)
    }

    /// What the next "create a call" meet, in order; after that, [`Behaviour::Answer`].
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.script_for(Endpoint::Create, behaviours);
    }

    /// What the next requests of this kind meet, in order.
    pub fn script_for(&self, endpoint: Endpoint, behaviours: impl IntoIterator<Item = Behaviour>) {
        let mut state = self.state();
        for behaviour in behaviours {
            state.latches.extend(behaviour.latches());
            state.scripts.entry(endpoint).or_default().push_back(behaviour);
        }
    }

    /// What every request of this kind meets from now on, once its script is used up; `None`: it is well again.
    pub fn set_down(&self, endpoint: Endpoint, behaviour: Option<Behaviour>) {
        let mut state = self.state();
        match behaviour {
            Some(behaviour) => {
                state.latches.extend(behaviour.latches());
                state.down.insert(endpoint, behaviour);
            }
            None => _ = state.down.remove(&endpoint),
        }
    }

    /// What every request to call or write from this number meets from now on; `None`: it is well again.
    pub fn refuse_from(&self, number: &str, behaviour: Option<Behaviour>) {
        let refused = &mut self.state().refused_from;
        match behaviour {
            Some(behaviour) => _ = refused.insert(number.to_owned(), behaviour),
            None => _ = refused.remove(number),
        }
    }

    /// What becomes of every call that is made from now on; at first nothing does: a call stays queued.
    pub fn set_life(&self, life: Life) {
        self.state().life = life;
    }

    /// From now on calls leave the queue one after the other, at least so far apart.
    pub fn set_dials_every(&self, every: Duration) {
        self.state().dials_every = Some(every);
    }

    /// The list shows a call only so long after its creation, by the fake's clock.
    pub fn set_list_lag(&self, lag: Duration) {
        self.state().list_lag = lag;
    }

    /// The list shows no call at all until the latch is opened.
    pub fn hide_from_list(&self, until: &Latch) {
        self.state().list_hidden = Some(until.clone());
    }

    /// What lists look like from now on.
    pub fn set_list_shape(&self, shape: ListShape) {
        self.state().list_shape = shape;
    }

    /// From now on requests are counted and not kept: hundreds of thousands fill the memory.
    pub fn forget_requests(&self) {
        self.state().forgets = true;
    }

    /// Every complete request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Every call so far, oldest first, as it is by now.
    pub fn calls(&self) -> Vec<FakeCall> {
        self.shared.advanced().calls.clone()
    }

    /// How often a call was asked for, answered or not.
    pub fn posts(&self) -> usize {
        self.state().creates
    }

    /// Waits until this many calls were made.
    pub fn wait_for_calls(&self, count: usize) {
        self.wait_until(|state| state.calls.len() >= count);
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.door.count()
    }

    /// How many of them are open.
    pub fn open_connections(&self) -> usize {
        self.door.still_open()
    }

    /// Says this on every connection and ends it; nobody asked for it. Returns when the clients' kernels have all of it.
    pub fn end_connections(&self, last_words: &str) {
        for stream in self.door.streams() {
            drop((&*stream).write_all(last_words.as_bytes()));
            drop(stream.shutdown(Shutdown::Write));
            super::wire::wait_for_end_to_arrive(&stream);
        }
    }

    /// Waits until it has taken notice of this many connections.
    pub fn wait_for_connections(&self, count: usize) {
        self.door.wait_for(count);
    }

    /// Waits until this many complete requests have come.
    pub fn wait_for_requests(&self, count: usize) {
        self.wait_until(|state| state.requests.len() >= count);
    }

    /// Waits until this holds of the complete requests.
    pub fn wait_for(&self, reached: impl Fn(&[Request]) -> bool) {
        self.wait_until(|state| reached(&state.requests));
    }

    /// Waits until this many complete requests to create a call have come.
    pub fn wait_for_creates(&self, count: usize) {
        let creates = |state: &State| state.requests.iter().filter(|r| r.is_create()).count();
        self.wait_until(|state| creates(state) >= count);
    }

    /// Waits until everything that was sent to it is dealt with and everybody who sent it has gone.
    pub fn wait_for_idle(&self) {
        self.door.wait_for_idle();
    }

    /// Waits until a request has broken off, and hands out what came of each such request.
    pub fn wait_for_broken(&self) -> Vec<Vec<u8>> {
        self.wait_until(|state| !state.broken.is_empty());
        self.state().broken.clone()
    }

    /// Turns a call's life.
    pub fn set_status(&self, sid: &str, status: &str) {
        self.change(sid, |call| call.status = status.into());
    }

    /// Turns a call's life: it was answered by this and lasted so long.
    pub fn set_ended(&self, sid: &str, answered_by: &str, duration_s: u32) {
        self.change(sid, |call| {
            call.status = "completed".into();
            call.answered_by = Some(answered_by.into());
            call.duration_s = Some(duration_s);
        });
    }

    /// From now on the list says so of the direction of this call.
    pub fn set_direction(&self, sid: &str, direction: &'static str) {
        self.change(sid, |call| call.direction = direction);
    }

    /// From now on the list says that this call was created then.
    pub fn set_created(&self, sid: &str, at: Timestamp) {
        self.change(sid, |call| call.created_at = at);
    }

    /// All calls and messages so far are as old as that.
    pub fn set_all_created(&self, at: Timestamp) {
        let state = &mut *self.state();
        state.calls.iter_mut().for_each(|call| call.created_at = at);
        state.talk.messages.iter_mut().for_each(|message| message.created_at = at);
    }

    /// A price has become known, as Twilio writes it.
    pub fn set_price(&self, sid: &str, price: &str) {
        self.change(sid, |call| call.price = Some(price.into()));
    }

    /// Makes the `Date` header differ from the fake's clock.
    pub fn set_date_offset_ms(&self, offset: i64) {
        self.state().date_offset_ms = offset;
    }

    fn change(&self, sid: &str, change: impl FnOnce(&mut FakeCall)) {
        change(self.state().calls.iter_mut().find(|call| call.sid == sid).expect("a call of this fake"));
    }

    fn wait_until(&self, reached: impl Fn(&State) -> bool) {
        let waited = self.shared.changed.wait_timeout_while(self.state(), PATIENCE, |state| !reached(state)).unwrap();
        assert!(!waited.1.timed_out(), "what the test waits for did not come");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Drop for FakeTwilio {
    fn drop(&mut self) {
        // Not `unwrap`: a failed test must not panic twice.
        if let Ok(state) = self.shared.state.lock() {
            state.latches.iter().for_each(Latch::open);
        }
        self.door.close(Shutdown::Both);
    }
}

/// One connection, kept alive until something is scripted to end it.
fn serve(mut stream: &TcpStream, shared: &Shared) {
    let (mut reader, mut raw) = (BufReader::new(stream), Vec::new());
    loop {
        match Request::read(&mut reader, &mut raw) {
            Ok(Some(request)) => {
                let answer = shared.answer(&request);
                if !answer.deliver(stream, &mut reader) {
                    break;
                }
            }
            Ok(None) => break,
            Err(_) => {
                shared.state.lock().unwrap().broken.push(raw.clone());
                shared.changed.notify_all();
                drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
                // Closing with unread bytes would be a reset, which can overtake the answer.
                drop(stream.shutdown(Shutdown::Write));
                drop(std::io::copy(&mut reader, &mut std::io::sink()));
                break;
            }
        }
    }
}

/// What goes back.
enum Delivery {
    Bytes(Vec<u8>),
    BytesThenClose(Vec<u8>),
    Reset,
    Silence,
}

impl Delivery {
    /// Is the connection still good?
    fn deliver(self, mut stream: &TcpStream, reader: &mut impl Read) -> bool {
        match self {
            Self::Bytes(bytes) => stream.write_all(&bytes).is_ok(),
            Self::BytesThenClose(bytes) => {
                drop(stream.write_all(&bytes));
                false
            }
            Self::Reset => {
                // A connected socket that is disconnected sends a reset, whoever else holds a copy of it (tcp(7)).
                rustix::net::connect_unspec(stream).unwrap();
                false
            }
            Self::Silence => {
                // Ends when the client hangs up, or when the fake is dropped and shuts the socket down.
                drop(std::io::copy(reader, &mut std::io::sink()));
                false
            }
        }
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Delivery {
        let behaviour = {
            let mut state = self.state.lock().unwrap();
            let kind = kind(request);
            state.came += 1;
            state.creates += usize::from(kind == Endpoint::Create);
            if !state.forgets {
                state.requests.push(request.clone());
            }
            let scripted = state.scripts.get_mut(&kind).and_then(VecDeque::pop_front);
            let from = request.body.split('&').find_map(|part| part.strip_prefix("From=%2B"));
            let refused = from.and_then(|digits| state.refused_from.get(&format!("+{digits}")));
            scripted.or_else(|| refused.or_else(|| state.down.get(&kind)).cloned())
        };
        self.changed.notify_all();
        self.behave(behaviour.unwrap_or(Behaviour::Answer), request)
    }

    fn behave(&self, behaviour: Behaviour, request: &Request) -> Delivery {
        match behaviour {
            Behaviour::Answer => self.deliver(self.route(request)),
            Behaviour::Silence => Delivery::Silence,
            Behaviour::CloseBeforeReply => Delivery::BytesThenClose(Vec::new()),
            Behaviour::Reset => Delivery::Reset,
            Behaviour::AcceptThen(then) => {
                self.route(request);
                self.behave(*then, request)
            }
            Behaviour::AcceptAndLoseReply => {
                self.route(request);
                Delivery::BytesThenClose(Vec::new())
            }
            Behaviour::Status(status, body, mut headers) => {
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
                    headers.extend(self.headers());
                }
                Delivery::Bytes(response(status, &headers, &body))
            }
            Behaviour::Raw(bytes) => Delivery::BytesThenClose(bytes),
            Behaviour::Delay(latch, then) => {
                latch.wait();
                self.behave(*then, request)
            }
            Behaviour::AcceptThenDelay(latch) => {
                let answer = self.route(request);
                latch.wait();
                self.deliver(answer)
            }
        }
    }

    fn deliver(&self, (status, body): Answer) -> Delivery {
        Delivery::Bytes(response(status, &self.headers(), &body.to_string()))
    }

    fn headers(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        let date = Timestamp::from_ms(self.clock.now().ms() + state.date_offset_ms);
        let id = format!("RQ{:032x}", state.came);
        vec![
            ("Date".into(), rfc_date(date, "GMT")),
            ("Content-Type".into(), "application/json;charset=utf-8".into()),
            ("Twilio-Request-Id".into(), id),
        ]
    }
}
