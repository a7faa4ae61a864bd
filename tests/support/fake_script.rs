//! What the fake can be told to do: every lie of a network and a provider, and the life of a call.

use super::fake_rules::FakeCall;
use super::wire::response;
use savehub::model::Timestamp;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// As Twilio does.
    Answer,
    /// Nothing is done and nothing answered until the client or the fake gives up.
    Silence,
    /// Nothing is done, and the connection is closed.
    CloseBeforeReply,
    /// It is done (a call is made), and the connection is closed.
    AcceptAndLoseReply,
    /// Nothing is done, and the connection is reset: the client sees `ECONNRESET`, not an end of file.
    Reset,
    /// Nothing is done, and this status, body and headers.
    Status(u16, String, Vec<(String, String)>),
    /// Nothing is done, and these bytes; then the connection is closed.
    Raw(Vec<u8>),
    /// Waits for the latch, then does the other.
    Delay(Latch, Box<Behaviour>),
    /// It is done at once; the answer when the latch is opened.
    AcceptThenDelay(Latch),
    /// It is done, its answer thrown away, and then the other happens. Not with [`Behaviour::Answer`], which would do
    /// it twice.
    AcceptThen(Box<Behaviour>),
}

/// What kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Create a call.
    Create,
    /// List calls.
    List,
    /// Read one call.
    Fetch,
    /// End one call.
    Update,
    /// Send a message.
    Send,
    /// List messages we sent.
    ListMessages,
    /// Read one message.
    FetchMessage,
    /// Cancel one message.
    CancelMessage,
    /// List what came in: messages, calls, keys.
    Heard,
    /// Everything else.
    Other,
}

impl Behaviour {
    /// The call is made, and then this happens instead of its answer.
    pub fn accepted(self) -> Self {
        Self::AcceptThen(Box::new(self))
    }

    /// The call is made only when the latch is opened, however long the client has been gone; nothing is answered.
    pub fn accept_late(latch: &Latch) -> Self {
        Self::Delay(latch.clone(), Box::new(Self::AcceptAndLoseReply))
    }

    /// 500 with Twilio's code for it.
    pub fn server_error() -> Self {
        Self::error(500, 20500, "Internal Server Error")
    }

    /// 503 as a gateway words it.
    pub fn unavailable() -> Self {
        Self::Status(503, "upstream connect error".into(), vec![])
    }

    /// 429, to be tried again after this many seconds.
    pub fn too_many(retry_after_s: u32) -> Self {
        let after = vec![("Retry-After".to_owned(), retry_after_s.to_string())];
        match Self::error(429, 20429, "Too Many Requests") {
            Self::Status(status, body, _) => Self::Status(status, body, after),
            other => other,
        }
    }

    /// A refusal in Twilio's words.
    pub fn error(status: u16, code: u32, message: &str) -> Self {
        Self::Status(status, super::fake_rules::error(status, code, message).1.to_string(), vec![])
    }

    /// A 201 that breaks off in the middle of its body.
    pub fn truncated() -> Self {
        let body = json!({"sid": format!("CA{:032x}", 7), "status": "queued"}).to_string();
        let mut whole = response(201, &[], &body);
        whole.truncate(whole.len() - 10);
        Self::Raw(whole)
    }

    /// A 201 whose Call object has no id.
    pub fn without_sid() -> Self {
        Self::Status(201, json!({"status": "queued"}).to_string(), vec![])
    }

    /// A page for people, as a captive portal or a proxy serves it.
    pub fn html() -> Self {
        let kind = vec![("Content-Type".to_owned(), "text/html".to_owned())];
        Self::Status(200, "<html><body>Please sign in</body></html>".into(), kind)
    }

    /// 10 MB that begin like an answer.
    pub fn huge() -> Self {
        Self::Status(201, format!("{{\"sid\":\"CA1\",\"pad\":\"{}\"}}", "x".repeat(10_000_000)), vec![])
    }

    /// 307 to another path of the same host.
    pub fn redirect() -> Self {
        Self::Status(307, String::new(), vec![("Location".to_owned(), "/elsewhere".to_owned())])
    }

    /// Bytes that are no HTTP.
    pub fn garbage() -> Self {
        Self::Raw(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n".to_vec())
    }

    /// Every latch this waits for.
    pub fn latches(&self) -> Vec<Latch> {
        match self {
            Self::AcceptThenDelay(latch) => vec![latch.clone()],
            Self::Delay(latch, then) => [vec![latch.clone()], then.latches()].concat(),
            Self::AcceptThen(then) => then.latches(),
            _ => vec![],
        }
    }
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

    /// Is it open?
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
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

/// One thing that happens to a call.
#[derive(Debug, Clone)]
pub enum Event {
    /// The phone rings.
    Rings,
    /// It is picked up by this (`human`, `machine_start`).
    Answered(&'static str),
    /// It ends with this status.
    Ends(&'static str),
}

/// What becomes of a call, each event so long after its creation by the fake's clock, in order.
pub type Life = VecDeque<(Duration, Event)>;

/// It rings after `queue` seconds, and after `ring` more nobody has answered.
pub fn unanswered(queue: u64, ring: u64) -> Life {
    life([(queue, Event::Rings), (queue + ring, Event::Ends("no-answer"))])
}

/// It rings after `queue` seconds, is answered by `by` after `ring` more, and lasts `talk` seconds.
pub fn answered(queue: u64, ring: u64, by: &'static str, talk: u64) -> Life {
    let picked_up = queue + ring;
    life([(queue, Event::Rings), (picked_up, Event::Answered(by)), (picked_up + talk, Event::Ends("completed"))])
}

/// It ends with this status (`busy`, `failed`) after `after` seconds, without having rung.
pub fn ends(after: u64, status: &'static str) -> Life {
    life([(after, Event::Ends(status))])
}

fn life<const N: usize>(events: [(u64, Event); N]) -> Life {
    events.into_iter().map(|(after, event)| (Duration::from_secs(after), event)).collect()
}

/// Lets everything happen to `call` that has happened by `now`. Nothing happens to a call that has ended.
pub fn advance(call: &mut FakeCall, now: Timestamp) {
    while call.life.front().is_some_and(|(after, _)| call.dialled_at.plus(*after) <= now) {
        let Some((after, event)) = call.life.pop_front() else { break };
        if !call.is_live() {
            continue;
        }
        match event {
            Event::Rings => call.status = "ringing".into(),
            Event::Answered(by) => {
                call.status = "in-progress".into();
                call.answered_by = Some(by.into());
                call.answered_after = Some(after);
            }
            Event::Ends(status) => {
                call.status = status.into();
                let talked = call.answered_after.map(|picked_up| after.saturating_sub(picked_up).as_secs());
                call.duration_s = talked.and_then(|s| u32::try_from(s).ok());
            }
        }
    }
}
