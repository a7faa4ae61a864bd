//! A Twilio on loopback, on std alone. It keeps every request byte by byte and every call it made, and does as each
//! "create a call" is scripted to be done to. Its clock can be turned.

pub use super::fake_rules::FakeCall;
use super::fake_rules::{Answer, error, object, refusal, rfc_date, update};
use super::wire::{Request, field, response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use savehub::clock::{Clock, SystemClock};
use savehub::config::TwilioConfig;
use savehub::model::Timestamp;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// The account of the recordings.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// Its token.
pub const TOKEN: &str = "your_auth_token";
/// An account whose credentials are test credentials (docs/iam/test-credentials).
pub const TEST_ACCOUNT: &str = "ACfeedfeedfeedfeedfeedfeedfeedfeed";

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What happens to one "create a call".
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// As Twilio does.
    Answer,
    /// No call and no answer until the client or the fake gives up.
    Silence,
    /// No call, and the connection is closed.
    CloseBeforeReply,
    /// A call, and the connection is closed.
    AcceptAndLoseReply,
    /// No call, and this status, body and headers.
    Status(u16, String, Vec<(String, String)>),
    /// No call, and these bytes; then the connection is closed.
    Raw(Vec<u8>),
    /// Waits for the latch, then does the other.
    Delay(Latch, Box<Behaviour>),
    /// A call at once; the answer when the latch is opened.
    AcceptThenDelay(Latch),
}

/// A door the test opens.
#[derive(Debug, Clone, Default)]
pub struct Latch(Arc<(Mutex<bool>, Condvar)>);

impl Latch {
    /// Opens it for good.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open.
    pub fn wait(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }

    /// Waits until it is open, at most this long; says whether it is.
    pub fn wait_for(&self, limit: Duration) -> bool {
        *self.0.1.wait_timeout_while(self.0.0.lock().unwrap(), limit, |open| !*open).unwrap().0
    }
}

#[derive(Default)]
struct State {
    closing: bool,
    requests: Vec<Request>,
    broken: Vec<Vec<u8>>,
    calls: Vec<FakeCall>,
    script: VecDeque<Behaviour>,
    latches: Vec<Latch>,
    date_offset_ms: i64,
    connections: Vec<TcpStream>,
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
    addr: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl FakeTwilio {
    /// On the system's clock, with [`TOKEN`].
    pub fn start() -> Self {
        Self::with(Arc::new(SystemClock), TOKEN)
    }

    /// On this clock, with this token for both accounts.
    pub fn with(clock: Arc<dyn Clock>, token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { state, changed: Condvar::new(), clock, token: token.into() });
        let acceptor = Some(std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        }));
        Self { shared, addr, acceptor }
    }

    /// A base address where nothing listens.
    pub fn refuse() -> String {
        format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The port alone.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// [`ACCOUNT`] at this fake.
    pub fn config(&self) -> TwilioConfig {
        super::twilio_config(&self.base_url(), ACCOUNT, &self.shared.token)
    }

    /// What the next "create a call" meet, in order; after that, [`Behaviour::Answer`].
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        let mut state = self.state();
        for behaviour in behaviours {
            if let Behaviour::Delay(latch, _) | Behaviour::AcceptThenDelay(latch) = &behaviour {
                state.latches.push(latch.clone());
            }
            state.script.push_back(behaviour);
        }
    }

    /// Every complete request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<FakeCall> {
        self.state().calls.clone()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.state().connections.len()
    }

    /// Waits until this many complete requests have come.
    pub fn wait_for_requests(&self, count: usize) {
        self.wait_until(|state| state.requests.len() >= count);
    }

    /// Waits until this many complete requests to create a call have come.
    pub fn wait_for_creates(&self, count: usize) {
        let creates = |state: &State| state.requests.iter().filter(|r| r.is_create()).count();
        self.wait_until(|state| creates(state) >= count);
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
        if let Ok(mut state) = self.shared.state.lock() {
            state.closing = true;
            state.latches.iter().for_each(Latch::open);
            state.connections.iter().for_each(|c| _ = c.shutdown(Shutdown::Both));
        }
        // Wakes the acceptor.
        drop(TcpStream::connect(self.addr));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for stream in listener.incoming().filter_map(Result::ok) {
        let mut state = shared.state.lock().unwrap();
        if state.closing {
            break;
        }
        state.connections.extend(stream.try_clone());
        drop(state);
        let shared = Arc::clone(shared);
        threads.push(std::thread::spawn(move || serve(stream, &shared)));
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// One connection, kept alive until something is scripted to end it.
fn serve(mut stream: TcpStream, shared: &Shared) {
    let Ok(clone) = stream.try_clone() else { return };
    let (mut reader, mut raw) = (BufReader::new(clone), Vec::new());
    loop {
        match Request::read(&mut reader, &mut raw) {
            Ok(Some(request)) => {
                let answer = shared.answer(&request);
                if !answer.deliver(&mut stream, &mut reader) {
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
    // The acceptor's copy keeps the socket open otherwise.
    drop(stream.shutdown(Shutdown::Both));
}

/// What goes back.
enum Delivery {
    Bytes(Vec<u8>),
    BytesThenClose(Vec<u8>),
    Silence,
}

impl Delivery {
    /// Is the connection still good?
    fn deliver(self, stream: &mut TcpStream, reader: &mut impl Read) -> bool {
        match self {
            Self::Bytes(bytes) => stream.write_all(&bytes).is_ok(),
            Self::BytesThenClose(bytes) => {
                drop(stream.write_all(&bytes));
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
        let creates = request.method == "POST" && request.path().ends_with("/Calls.json");
        let behaviour = {
            let mut state = self.state.lock().unwrap();
            state.requests.push(request.clone());
            if creates { state.script.pop_front() } else { None }
        };
        self.changed.notify_all();
        self.behave(behaviour.unwrap_or(Behaviour::Answer), request)
    }

    fn behave(&self, behaviour: Behaviour, request: &Request) -> Delivery {
        match behaviour {
            Behaviour::Answer => self.deliver(self.route(request)),
            Behaviour::Silence => Delivery::Silence,
            Behaviour::CloseBeforeReply => Delivery::BytesThenClose(Vec::new()),
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
        let id = format!("RQ{:032x}", state.requests.len());
        vec![
            ("Date".into(), rfc_date(date, "GMT")),
            ("Content-Type".into(), "application/json;charset=utf-8".into()),
            ("Twilio-Request-Id".into(), id),
        ]
    }

    fn route(&self, request: &Request) -> Answer {
        let Some(account) = self.authorized(request) else {
            return error(401, 20003, "Authentication Error - invalid username");
        };
        let base = format!("/2010-04-01/Accounts/{account}");
        let Some(rest) = request.path().strip_prefix(&base) else {
            return error(404, 20404, &format!("The requested resource {} was not found", request.path()));
        };
        match (request.method.as_str(), rest) {
            ("POST", "/Calls.json") => self.create(account, &request.form()),
            (_, _) if account == TEST_ACCOUNT => {
                error(403, 20008, "Resource not accessible with Test Account Credentials")
            }
            ("GET", ".json") => (200, json!({"sid": account, "status": "active", "type": "Full"})),
            ("GET", "/Calls.json") => self.list(account, &request.query()),
            (method, one) => {
                let sid = one.strip_prefix("/Calls/").and_then(|r| r.strip_suffix(".json")).unwrap_or_default();
                let mut state = self.state.lock().unwrap();
                let Some(call) = state.calls.iter_mut().find(|call| call.sid == sid) else {
                    return error(404, 20404, &format!("The requested resource {} was not found", request.path()));
                };
                match method {
                    "POST" => update(account, call, &request.form()),
                    _ => (200, object(account, call)),
                }
            }
        }
    }

    /// The account of valid credentials; an API key belongs to [`ACCOUNT`].
    fn authorized(&self, request: &Request) -> Option<&'static str> {
        let basic = request.header("authorization")?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (user, token) = pair.split_once(':')?;
        match user {
            _ if token != self.token => None,
            ACCOUNT => Some(ACCOUNT),
            TEST_ACCOUNT => Some(TEST_ACCOUNT),
            _ => user.starts_with("SK").then_some(ACCOUNT),
        }
    }

    fn create(&self, account: &str, form: &[(String, String)]) -> Answer {
        if let Some(refused) = refusal(account, form) {
            return refused;
        }
        let text = |name| field(form, name).unwrap_or_default().to_owned();
        let mut state = self.state.lock().unwrap();
        let call = FakeCall {
            sid: format!("CA{:032x}", 0xfa4e_0000 + state.calls.len()),
            to: text("To"),
            from: text("From"),
            twiml: text("Twiml"),
            status: "queued".into(),
            answered_by: None,
            duration_s: None,
            created_at: self.clock.now(),
        };
        let answer = (201, object(account, &call));
        // Test credentials validate and make nothing.
        if account != TEST_ACCOUNT {
            state.calls.push(call);
        }
        answer
    }

    /// Newest first, in pages.
    fn list(&self, account: &str, query: &[(String, String)]) -> Answer {
        let number = |name, default| field(query, name).and_then(|v| v.parse().ok()).unwrap_or(default);
        let (page, size): (usize, usize) = (number("Page", 0), number("PageSize", 50).clamp(1, 1000));
        let wanted = |name, value: &str| field(query, name).is_none_or(|asked| asked == value);
        let state = self.state.lock().unwrap();
        let matches = |c: &&FakeCall| wanted("To", &c.to) && wanted("From", &c.from) && wanted("Status", &c.status);
        let found: Vec<&FakeCall> = state.calls.iter().rev().filter(matches).collect();
        let calls: Vec<Value> = found.iter().skip(page * size).take(size).map(|c| object(account, c)).collect();
        let next = (found.len() > (page + 1) * size).then(|| {
            let kept = query.iter().filter(|(n, _)| n != "Page" && n != "PageSize");
            let (after, size) = ((page + 1).to_string(), size.to_string());
            let mut fields: Vec<(&str, &str)> = kept.map(|(n, v)| (n.as_str(), v.as_str())).collect();
            fields.extend([("Page", after.as_str()), ("PageSize", size.as_str())]);
            format!("/2010-04-01/Accounts/{account}/Calls.json?{}", savehub::provider::http::form_encode(&fields))
        });
        (200, json!({"calls": calls, "page": page, "page_size": size, "next_page_uri": next}))
    }
}
