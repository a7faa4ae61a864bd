//! What the disk of the machine holds: the database, the config and the calendars.

use super::{Day, instant, ms};
use crate::exchange;
use crate::journal::Seen;
use crate::mutants::Rules;
use crate::story::{ConfigFile, Database, EVENING, MINUTE, Ms, What};
use savehub::clock::Clock as _;
use savehub::config::{self, Config};
use savehub::feed::{Feed, Feeds, FetchFailure, Fetched, Wanted};
use savehub::model::{MeetingState, RungKind, StepId, Validators};
use savehub::store::sqlite::SqliteStore;
use savehub::store::{Meeting, Store};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

/// The name of the machine.
const HOST: &str = "host";

/// What the disk of the machine holds.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) database: Option<Arc<dyn Store>>,
    pub(super) backup: Option<Arc<dyn Store>>,
    /// When the database was lost last.
    pub(super) forgot_at: Ms,
    /// When steps of this database ended in a tick.
    pub(super) ended: HashMap<StepId, Ms>,
    /// Who is commented out of the config.
    pub(super) unlisted: Vec<usize>,
    pub(super) file: Option<ConfigFile>,
    /// The meetings of each person's calendar (`None`: called off), and how often it was written.
    pub(super) calendars: BTreeMap<usize, (BTreeMap<usize, Option<Ms>>, u32)>,
    pub(super) unreadable: Vec<usize>,
    /// The last config that a tick went by.
    pub(super) config: Option<Arc<Config>>,
}

impl Day {
    // --- the database ---

    pub(super) fn store(&self) -> Option<Arc<dyn Store>> {
        self.disk().database.clone()
    }

    /// `tick` and `meeting add` make one.
    pub(super) fn store_or_new(&self) -> Arc<dyn Store> {
        let new = || self.rules.store(Arc::new(SqliteStore::in_memory().unwrap()));
        Arc::clone(self.disk().database.get_or_insert_with(new))
    }

    /// The meeting in the database, while it is planned.
    pub(super) fn found(&self, meeting: usize) -> Option<(Arc<dyn Store>, Meeting)> {
        let store = self.store()?;
        let all = store.meetings(instant(0), instant(2 * EVENING)).unwrap();
        let planned = |m: &Meeting| m.uid == format!("m{meeting}") && m.state == MeetingState::Scheduled;
        let found = all.into_iter().find(planned)?;
        Some((store, found))
    }

    pub(super) fn swaps(&self, database: Database) -> bool {
        let copy = |store: Arc<dyn Store>| self.rules.store(Arc::from(store.rehearsal(instant(0)).unwrap()));
        if database == Database::BackedUp {
            let copied = self.store().map(copy);
            self.disk().backup = copied;
            return true;
        }
        let backup = self.disk().backup.clone();
        if database == Database::Restored && backup.is_none() {
            return false;
        }
        self.database_ends();
        let next = backup.filter(|_| database == Database::Restored).map(copy);
        let mut disk = self.disk();
        (disk.database, disk.ended, disk.forgot_at) = (next, HashMap::new(), self.clock.at());
        true
    }

    /// Its call steps go to the journal.
    pub(super) fn database_ends(&self) {
        let Some(store) = self.store() else { return };
        let all = store.snapshot(self.clock.now(), instant(-EVENING), instant(2 * EVENING)).unwrap();
        let ended = self.disk().ended.clone();
        for incident in all.incidents {
            let meeting = incident.title.strip_prefix("Meeting ").unwrap().parse().unwrap();
            for step in incident.steps.into_iter().filter(|step| step.kind == RungKind::Call) {
                self.sees(Seen::Step {
                    meeting,
                    due: ms(step.due_at),
                    state: step.state.to_string(),
                    reason: step.reason.map_or_else(String::new, |reason| reason.to_string()),
                    detail: step.detail.unwrap_or_default(),
                    ended: ended.get(&step.id).copied(),
                });
            }
        }
    }

    // --- the config ---

    pub(super) fn edits(&self, what: &What) -> bool {
        {
            let mut disk = self.disk();
            match *what {
                What::Listed { person, there } => {
                    disk.unlisted.retain(|other| *other != person);
                    disk.unlisted.extend((!there).then_some(person));
                }
                What::Config(file) => disk.file = Some(file),
                _ => {}
            }
        }
        self.writes_the_config();
        true
    }

    pub(super) fn writes_the_config(&self) {
        let disk = self.disk();
        let path = self.dir.path().join("config.toml");
        let mut text = self.config_text(&disk.unlisted);
        match disk.file.unwrap_or(ConfigFile::Good) {
            ConfigFile::Good => {}
            ConfigFile::Mistake => text.push_str("phone = \n"),
            ConfigFile::Empty => text.clear(),
            ConfigFile::Missing => {
                let _ = std::fs::remove_file(path);
                return;
            }
        }
        std::fs::write(&path, text).unwrap();
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, owner_only).unwrap();
    }

    pub(super) fn config_text(&self, unlisted: &[usize]) -> String {
        let from: Vec<String> = (0..self.story.senders).map(exchange::sender).collect();
        let mut text = format!(
            "database = \"savehub.db\"\n[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"{}\"\n\
             auth_token = \"0123456789abcdef0123456789abcdef\"\nfrom = {from:?}\n",
            exchange::ACCOUNT
        );
        for before in &self.story.ladder {
            write!(text, "[[ladder]]\nstep = \"call\"\nbefore = \"{before}s\"\n").unwrap();
        }
        if self.story.warned {
            text.push_str("[[ladder]]\nstep = \"sms\"\nbefore = \"20s\"\nto = \"boss\"\n");
        }
        if self.story.told {
            text.push_str("[[ladder]]\nstep = \"sms\"\nafter = \"2m\"\nto = \"boss\"\nwhen = \"missed\"\n");
        }
        if self.story.told || self.story.warned {
            let phone = exchange::phone(0);
            write!(text, "[[contact]]\nname = \"boss\"\nphone = \"{phone}\"\n").unwrap();
        }
        if (0..self.story.people).all(|person| unlisted.contains(&person)) {
            text.insert_str(0, "person = []\n");
        }
        for person in (0..self.story.people).filter(|person| !unlisted.contains(person)) {
            let phone = exchange::phone(person);
            write!(
                text,
                "[[person]]\nid = \"p{person}\"\nname = \"Person {person}\"\nphone = \"{phone}\"\nzone = \"UTC\"\n\
                          calendars = [\"p{person}.ics\"]\n"
            )
            .unwrap();
        }
        text
    }

    /// The config that a tick goes by now, or why there is none.
    pub(super) fn config(&self) -> Result<Arc<Config>, String> {
        let (file, state) = (self.dir.path().join("config.toml"), self.dir.path().display().to_string());
        let env = |name: &str| (name == "XDG_STATE_HOME").then(|| state.clone());
        let (sources, now) = (config::Sources { file: Some(&file), env: &env }, self.clock.now());
        let read = if self.rules == Rules::BrokenStops {
            config::load(&sources)
        } else {
            let reading = config::Reading { host: HOST, now, secrets: config::Secrets::Needed, keeps: true };
            config::load_or_last_good(&sources, &reading)
        };
        let config = read.map_err(|error| error.to_string())?;
        if config.broken.as_ref().is_some_and(|broken| broken.is_over(now)) {
            return Err("the last good config is too old".into());
        }
        config::keep(&config, &env, HOST)?;
        Ok(Arc::new(config))
    }

    pub(super) fn calendars(&self, config: &Config) -> impl Feeds + use<> {
        let disk = self.disk();
        let mut files = HashMap::new();
        for person in &config.people {
            let number: usize = person.id[1..].parse().unwrap();
            for source in &person.calendars {
                let file = match disk.calendars.get(&number) {
                    _ if disk.unreadable.contains(&number) => None,
                    Some((meetings, written)) => Some((ics(meetings), *written)),
                    None => Some((ics(&BTreeMap::new()), 0)),
                };
                files.insert(source.key.clone(), Arc::new(File(file)) as Arc<dyn Feed>);
            }
        }
        Calendars(files)
    }
}

fn ics(meetings: &BTreeMap<usize, Option<Ms>>) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//life//EN\r\n".to_owned();
    for (meeting, start) in meetings {
        let status = if start.is_some() { "CONFIRMED" } else { "CANCELLED" };
        let start = start.unwrap_or(EVENING);
        let [from, to] = [start, start + 30 * MINUTE].map(|at| {
            let text = instant(at).to_rfc3339();
            text.split('.').next().unwrap().replace(['-', ':', 'Z'], "")
        });
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:m{meeting}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{from}Z\r\nDTEND:{to}Z\r\n\
             STATUS:{status}\r\nSUMMARY:Meeting {meeting}\r\nEND:VEVENT\r\n"
        )
        .unwrap();
    }
    text + "END:VCALENDAR\r\n"
}

struct Calendars(HashMap<String, Arc<dyn Feed>>);

impl Feeds for Calendars {
    fn feed(&self, key: &str, _: &Wanted) -> Option<Arc<dyn Feed>> {
        self.0.get(key).cloned()
    }
}

/// A calendar's text, and how often it was written; `None`: it cannot be read.
struct File(Option<(String, u32)>);

impl Feed for File {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        let Some((text, written)) = &self.0 else {
            return Fetched::Failed(FetchFailure { why: "cannot be read".into(), retry_after: None, unreached: false });
        };
        let validators = Validators { stamp: Some(written.to_string()), ..Validators::default() };
        if last.stamp == validators.stamp && !whole {
            return Fetched::Unchanged(validators);
        }
        Fetched::New { body: text.clone().into_bytes(), validators, missing: 0 }
    }
}
