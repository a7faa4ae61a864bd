//! A story: servers of its own, the config that names them, and what reached them when.

use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::fake_twilio::{ACCOUNT, FakeCall, Life, TOKEN, answered, unanswered};
use crate::support::world::{BEGIN, World};
use savehub::config::{self, Security};
use savehub::model::MeetingId;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// The meeting starts so long after the story.
pub(crate) const START_IN: Duration = Duration::from_secs(15 * 60);

/// Where the program writes that it was run.
const LIT: &str = "lit";

/// Ana, and Bea who should know.
pub(crate) const PEOPLE: &str = r#"
[[person]]
id = "ana"
name = "Ana"
phone = "+12025550101"
email = "ana@example.com"
zone = "UTC"
ring_timeout = "25s"

[[contact]]
name = "Bea"
phone = "+12025550103"
"#;

/// Has somebody answered? Only with machine detection does anybody know.
pub(crate) const DETECTION: &str = "machine_detection = true\n";

/// What the mail server, Twilio and the receiver have got, and the world that sent it.
pub(crate) struct Story {
    pub(crate) w: World,
    pub(crate) smtp: FakeSmtp,
    pub(crate) ntfy: FakeFeed,
    pub(crate) meeting: MeetingId,
    seen: Cell<[usize; 5]>,
    line: RefCell<Vec<String>>,
}

/// The ladder that config.example.toml gives to be copied, as it stands there.
fn ladder() -> String {
    let copied = EXAMPLE.split_once("# More rungs, to copy.").unwrap().1;
    let lines = copied.lines().filter_map(|line| line.strip_prefix("# "));
    let from = lines.skip_while(|line| *line != "[[ladder]]");
    from.filter(|line| *line == "[[ladder]]" || line.contains(" = ")).collect::<Vec<_>>().join("\n")
}

impl Story {
    /// "Board sync" of Ana in 15 minutes, and this in `[call]` (and the tables behind it).
    pub(crate) fn new(call: &str) -> Self {
        Self::about("Board sync", call)
    }

    /// The same meeting by another name.
    pub(crate) fn about(title: &str, call: &str) -> Self {
        Self::among(PEOPLE, title, call)
    }

    /// The same among these people; Ana is one of them.
    pub(crate) fn among(people: &str, title: &str, call: &str) -> Self {
        let (mut w, smtp) = (World::on_twilio(""), FakeSmtp::start(Security::None));
        let ntfy = FakeFeed::start(Serves::status(200));
        let (lamp, lit) = (w.dir.path().join("lamp.sh"), w.dir.path().join(LIT));
        std::fs::write(&lamp, "printf '%s\\n' \"$SAVEHUB_TITLE\" >>\"$1\"\n").unwrap();
        let config = format!(
            "database = \"savehub.db\"\n[provider.twilio]\naccount_sid = \"{ACCOUNT}\"\nfrom = \"+12025550199\"\n\
             auth_token = \"{TOKEN}\"\nbase_url = \"{}\"\n[email]\nhost = \"127.0.0.1\"\nport = {}\n\
             security = \"none\"\nfrom = \"savehub@example.com\"\n[webhook.phone]\nurl = \"{}\"\n\
             [command.lamp]\nrun = [\"/bin/sh\", \"{}\", \"{}\"]\n{people}\n{}\n[call]\nprovider = \"twilio\"\n{call}",
            w.fake().base_url(),
            smtp.config("").port,
            ntfy.url(),
            lamp.display(),
            lit.display(),
            ladder(),
        );
        let config = config::from_text(&config, &w.dir.path().join("config.toml"), &|_| None);
        w.parts.config = Arc::new(config.unwrap_or_else(|problems| panic!("{problems:?}")));
        // As fast as they come: who is called when is told by the ladder alone.
        w.change_twilio(|twilio| twilio.calls_per_second = f64::INFINITY);
        w.fake().set_life(unanswered(1, 20));
        let meeting = w.meeting_of("ana", title, "in 15m");
        let story = Self { w, smtp, ntfy, meeting, seen: Cell::default(), line: RefCell::default() };
        story.tick();
        story
    }

    /// Ticks every 30 seconds until so many seconds before the start (after it: below 0), then included.
    pub(crate) fn until(&self, before_s: i64) -> &Self {
        while self.left_s() > before_s {
            self.w.advance(30);
            self.tick();
        }
        self
    }

    /// One tick so many seconds before the start, and none in between.
    pub(crate) fn at(&self, before_s: i64) -> &Self {
        self.w.advance(u64::try_from(self.left_s() - before_s).unwrap());
        self.tick();
        self
    }

    /// One tick; what it sent is written down with its time.
    pub(crate) fn tick(&self) {
        self.w.tick();
        let (mails, ntfy) = (self.smtp.mails(), self.ntfy.requests());
        let (sent, calls) = (self.w.fake().sent(), self.w.fake().calls());
        let to = |mail: &String| mail.lines().find_map(|l| l.strip_prefix("To: ").map(str::to_owned)).unwrap();
        let (at, lit) = (-self.left_s(), self.lit());
        let seen = self.seen.replace([mails.len(), sent.len(), calls.len(), ntfy.len(), lit.len()]);
        let mut line = self.line.borrow_mut();
        line.extend(mails[seen[0]..].iter().map(|mail| format!("{at} mail {}", to(mail))));
        line.extend(sent[seen[1]..].iter().map(|sms| format!("{at} sms {}", sms.to)));
        line.extend(calls[seen[2]..].iter().map(|call| format!("{at} call {}", call.to)));
        line.extend(ntfy[seen[3]..].iter().map(|_| format!("{at} webhook")));
        line.extend(lit[seen[4]..].iter().map(|_| format!("{at} command")));
    }

    /// The title the program was run with, each time.
    pub(crate) fn lit(&self) -> Vec<String> {
        let lit = std::fs::read_to_string(self.w.dir.path().join(LIT)).unwrap_or_default();
        lit.lines().map(str::to_owned).collect()
    }

    fn left_s(&self) -> i64 {
        BEGIN.plus(START_IN).since(self.w.now()) / 1000
    }

    /// Everything that reached somebody, in seconds from the start.
    pub(crate) fn reached(&self) -> Vec<String> {
        self.line.borrow().clone()
    }

    /// What becomes of calls from now on: they go to voicemail.
    pub(crate) fn voicemail(&self) -> &Self {
        self.life(answered(1, 10, "machine_start", 15))
    }

    /// What becomes of calls from now on: a human answers.
    pub(crate) fn human(&self) -> &Self {
        self.life(answered(1, 5, "human", 10))
    }

    fn life(&self, life: Life) -> &Self {
        self.w.fake().set_life(life);
        self
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<FakeCall> {
        self.w.fake().calls()
    }

    /// State of the incident, and what its steps have come to.
    pub(crate) fn state(&self) -> String {
        self.w.state(self.meeting)
    }

    /// The steps of the incident.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.w.steps(self.meeting)
    }
}
