//! A CalDAV server on loopback, with the habits that real ones have.

use super::door::Door;
use super::wire::Request;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// Who logs in.
pub const USER: &str = "ana";

/// Their password.
pub const PASSWORD: &str = "pässw0rd s3cr3tc4n4ry";

/// Where the calendar is.
const WORK: &str = "/dav/ana%40x/work/";

/// Status, headers and body.
pub type Answer = (u16, Vec<(&'static str, String)>, String);

/// How the server writes where a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hrefs {
    /// As in the request.
    Plain,
    /// With scheme and host.
    Absolute,
    /// With other escapes than in the request.
    Escaped,
    /// Without the folder.
    Relative,
}

/// What the server does that others do not.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a habit that a server has or not")]
pub struct Habits {
    /// It tells changes by token.
    pub sync: bool,
    /// Tokens are refused with this status, with or without the name of the precondition.
    pub refuses_tokens: Option<(u16, bool)>,
    /// At most so many changes in one answer, and 507 for the rest.
    pub cut: Option<usize>,
    /// It has a `getctag`.
    pub ctag: bool,
    /// The whole answer is 507 when more than so many days are asked for.
    pub most_days: Option<i64>,
    pub hrefs: Hrefs,
    /// It lists the collection itself among the events.
    pub lists_itself: bool,
    /// What is asked below `/` is redirected to `/dav.php` with this status, as Baïkal does.
    pub redirects: Option<u16>,
    /// It lets in who answers its challenge alone, as Baïkal does.
    pub wants_digest: bool,
    /// Mail addresses of the user.
    pub addresses: &'static [&'static str],
    /// This resource cannot be sent: the whole answer that holds it is 500.
    pub fails_over: Option<&'static str>,
    /// This resource has this status in an answer.
    pub withholds: Option<(&'static str, u16)>,
    /// Everything is answered so: status, headers, body.
    pub always: Option<Answer>,
    /// Changes tell nobody: token and ctag stay.
    pub silent: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            sync: true,
            refuses_tokens: None,
            cut: None,
            ctag: true,
            most_days: None,
            hrefs: Hrefs::Plain,
            lists_itself: false,
            redirects: None,
            wants_digest: false,
            addresses: &["Ana@Example.com"],
            fails_over: None,
            withholds: None,
            always: None,
            silent: false,
        }
    }
}

#[derive(Default)]
struct State {
    habits: Habits,
    /// By name: the calendar, and the version it came with.
    resources: BTreeMap<String, (String, usize)>,
    /// Deleted ones, with their last version.
    deleted: BTreeMap<String, usize>,
    version: usize,
    requests: Vec<Request>,
}

/// The fake. Everything ends when it is dropped.
pub struct FakeDav {
    state: Arc<Mutex<State>>,
    door: Door,
}

impl FakeDav {
    pub fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let door = Door::open({
            let state = Arc::clone(&state);
            // A client that goes away is what many tests are about.
            move |stream| drop(serve(stream, &state))
        });
        Self { state, door }
    }

    /// The address of the server.
    pub fn root(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The address of the calendar.
    pub fn url(&self) -> String {
        format!("{}{WORK}", self.root())
    }

    /// The port alone.
    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    pub fn has_habits(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.state().habits);
    }

    /// What the calendar holds from now on: names, and calendars of one event.
    pub fn holds(&self, resources: &[(&str, String)]) {
        let mut state = self.state();
        let gone: Vec<String> =
            state.resources.keys().filter(|name| resources.iter().all(|(new, _)| new != name)).cloned().collect();
        for name in gone {
            state.version += 1;
            let version = state.version;
            state.resources.remove(&name);
            state.deleted.insert(name, version);
        }
        for (name, body) in resources {
            if state.resources.get(*name).is_none_or(|(known, _)| known != body) {
                state.version += 1;
                let version = state.version;
                state.resources.insert((*name).to_owned(), (body.clone(), version));
                state.deleted.remove(*name);
            }
        }
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// `sync`, `query`, `get`, `state`, `principal` or `list` for each request so far.
    pub fn asked(&self) -> Vec<&'static str> {
        self.requests().iter().map(kind).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for FakeDav {
    fn drop(&mut self) {
        self.door.close(Shutdown::Both);
    }
}

fn kind(request: &Request) -> &'static str {
    let kinds = [
        ("sync-collection", "sync"),
        ("calendar-query", "query"),
        ("calendar-multiget", "get"),
        ("calendar-home-set", "principal"),
        ("getctag", "state"),
    ];
    kinds.iter().find(|(word, _)| request.body.contains(word)).map_or("list", |(_, kind)| kind)
}

fn serve(mut stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader, &mut Vec::new())? {
        let host = stream.local_addr()?.to_string();
        let mut state = state.lock().unwrap();
        state.requests.push(request.clone());
        let (status, headers, body) = state.answer(&request, &host);
        drop(state);
        let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
    }
    Ok(())
}

fn plain(status: u16, body: &str) -> Answer {
    (status, Vec::new(), body.to_owned())
}

impl State {
    fn answer(&self, request: &Request, host: &str) -> Answer {
        let habits = &self.habits;
        if let Some(always) = &habits.always {
            return always.clone();
        }
        let login = request.header("authorization").unwrap_or_default();
        if habits.wants_digest && !(login.starts_with("Digest ") && login.contains("username=\"ana\"")) {
            let challenge = "Digest realm=\"dav\", nonce=\"abc\", qop=\"auth\", algorithm=MD5";
            return (401, vec![("WWW-Authenticate", challenge.to_owned())], String::new());
        }
        if let Some(status) = habits.redirects
            && !request.target.starts_with("/dav.php")
        {
            return (status, vec![("Location", format!("/dav.php{}", request.target))], String::new());
        }
        let target = request.target.trim_start_matches("/dav.php");
        let prefix = &request.target[..request.target.len() - target.len()];
        match (request.method.as_str(), kind(request)) {
            ("REPORT", "sync") => self.changes(&request.body, prefix, host),
            ("REPORT", "query") => self.events(&request.body, prefix, host),
            ("REPORT", "get") => self.data(&request.body, prefix, host),
            ("PROPFIND", _) => self.properties(target, request.header("depth") == Some("1"), prefix),
            _ => plain(405, ""),
        }
    }

    fn token(&self) -> String {
        format!("urn:token:{}&<", if self.habits.silent { 0 } else { self.version })
    }

    fn href(&self, name: &str, prefix: &str, host: &str) -> String {
        match self.habits.hrefs {
            Hrefs::Plain => format!("{prefix}{WORK}{name}"),
            Hrefs::Absolute => format!("http://{host}{prefix}{WORK}{name}"),
            Hrefs::Escaped => format!("{prefix}{}%{:02x}{}", WORK.replace("%40", "@"), name.as_bytes()[0], &name[1..]),
            Hrefs::Relative => name.to_owned(),
        }
    }

    fn etag(&self, name: &str) -> String {
        let version = self.resources.get(name).map_or(0, |(_, version)| *version);
        format!("<D:getetag>\"{}\"</D:getetag>", if self.habits.silent { 0 } else { version })
    }

    fn changes(&self, body: &str, prefix: &str, host: &str) -> Answer {
        let habits = &self.habits;
        if !habits.sync {
            return plain(501, "");
        }
        if let Some((status, says)) = habits.refuses_tokens {
            let named = if says { "<D:valid-sync-token/>" } else { "<D:other/>" };
            return plain(status, &format!("<D:error xmlns:D=\"DAV:\">{named}</D:error>"));
        }
        let since: usize = between(body, "urn:token:", "&amp;&lt;").next().and_then(|n| n.parse().ok()).unwrap();
        if habits.silent {
            return multi("", Some(&self.token()));
        }
        let changed = self.resources.iter().map(|(name, (_, version))| (*version, name, true));
        let deleted = self.deleted.iter().map(|(name, version)| (*version, name, false));
        let mut all: Vec<_> = changed.chain(deleted).filter(|(version, ..)| *version > since).collect();
        all.sort();
        let most = habits.cut.unwrap_or(usize::MAX);
        let token = all.get(..most).and_then(<[_]>::last).map_or(self.version, |(version, ..)| *version);
        let mut text: String = all
            .iter()
            .take(most)
            .map(|(_, name, is_there)| {
                let href = self.href(name, prefix, host);
                if *is_there { found(&href, &self.etag(name)) } else { status(&href, 404) }
            })
            .collect();
        if all.len() > most {
            text += &status(&format!("{prefix}{WORK}"), 507);
        }
        multi(&text, Some(&format!("urn:token:{token}&<")))
    }

    fn events(&self, body: &str, prefix: &str, host: &str) -> Answer {
        let day = |at: &str| {
            let digits = |range: std::ops::Range<usize>| at[range].parse::<u32>().unwrap();
            let date = (i32::try_from(digits(0..4)).unwrap(), digits(4..6), digits(6..8));
            chrono::NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap()
        };
        let (start, end) =
            (between(body, "start=\"", "\"").next().unwrap(), between(body, "end=\"", "\"").next().unwrap());
        if self.habits.most_days.is_some_and(|most| (day(end) - day(start)).num_days() > most) {
            return plain(507, "");
        }
        let mut text = String::new();
        if self.habits.lists_itself {
            text += &found(&format!("{prefix}{WORK}"), "<D:getetag>\"c\"</D:getetag>");
        }
        for name in self.resources.keys() {
            text += &found(&self.href(name, prefix, host), &self.etag(name));
        }
        multi(&text, None)
    }

    fn data(&self, body: &str, prefix: &str, host: &str) -> Answer {
        let mut text = String::new();
        for asked in between(body, "<d:href>", "</d:href>") {
            let Some((name, (data, _))) =
                self.resources.iter().find(|(name, _)| self.href(name, prefix, host) == asked)
            else {
                text += &status(asked, 404);
                continue;
            };
            if self.habits.fails_over == Some(name.as_str()) {
                return plain(500, "");
            }
            match self.habits.withholds {
                Some((withheld, code)) if withheld == name => text += &status(asked, code),
                _ => {
                    let data = data.replace('&', "&amp;").replace('<', "&lt;").replace('\r', "&#13;");
                    let data = format!("{}<C:calendar-data>{data}</C:calendar-data>", self.etag(name));
                    text += &found(asked, &data);
                }
            }
        }
        multi(&text, None)
    }

    fn properties(&self, target: &str, deep: bool, prefix: &str) -> Answer {
        let habits = &self.habits;
        let href = |path: &str| format!("<D:href>{prefix}{path}</D:href>");
        let me = format!("<D:current-user-principal>{}</D:current-user-principal>", href("/principals/ana/"));
        let kind = |more: &str| format!("<D:resourcetype><D:collection/>{more}</D:resourcetype>");
        let comps = |comp: &str| {
            format!(
                "<C:supported-calendar-component-set><C:comp name=\"{comp}\"/></C:supported-calendar-component-set>"
            )
        };
        let of = |path: &str, props: &str| found(&format!("{prefix}{path}"), props);
        let work = || {
            let mut props = me.clone()
                + &kind("<C:calendar/>")
                + &comps("VEVENT")
                + "<D:displayname>Work &amp; more</D:displayname>";
            if habits.sync {
                write!(props, "<D:sync-token>{}</D:sync-token>", escaped(&self.token())).unwrap();
            }
            if habits.ctag {
                let ctag = if habits.silent { 0 } else { self.version };
                write!(props, "<S:getctag xmlns:S=\"http://calendarserver.org/ns/\">{ctag}</S:getctag>").unwrap();
            }
            of(WORK, &props)
        };
        match (target, deep) {
            (WORK, false) => multi(&work(), None),
            ("/dav/ana%40x/", true) => {
                let tasks = of("/dav/ana%40x/tasks/", &(kind("<C:calendar/>") + &comps("VTODO")));
                multi(&(of("/dav/ana%40x/", &kind("")) + &tasks + &work()), None)
            }
            ("/principals/ana/", false) => {
                let addresses = habits.addresses.iter().map(|mail| format!("<D:href>mailto:{mail}</D:href>"));
                let addresses: String = std::iter::once(href("/principals/ana/")).chain(addresses).collect();
                let home = href("/dav/ana%40x/");
                let props = format!(
                    "{me}<C:calendar-home-set>{home}</C:calendar-home-set>\
                     <C:calendar-user-address-set>{addresses}</C:calendar-user-address-set>"
                );
                multi(&of("/principals/ana/", &props), None)
            }
            ("/" | "/.well-known/caldav", false) => multi(&of(target, &(me.clone() + &kind(""))), None),
            _ => plain(404, ""),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn found(href: &str, props: &str) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{props}</D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

fn status(href: &str, status: u16) -> String {
    format!("<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 {status} X</D:status></D:response>")
}

fn multi(responses: &str, token: Option<&str>) -> Answer {
    let token = token.map_or_else(String::new, |token| format!("<D:sync-token>{}</D:sync-token>", escaped(token)));
    let spaces = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"";
    plain(207, &format!("<?xml version=\"1.0\"?><D:multistatus {spaces}>{responses}{token}</D:multistatus>"))
}

/// What stands between these two, each time.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}
