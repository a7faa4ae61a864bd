//! From a server's address to the calendars of whoever logs in (RFC 6764 section 6): a principal, its homes, and what is
//! in them.

use super::answer::{Facts, Response};
use super::questions;
use super::session::{Login, Reply, Session, not_asked};
use crate::config::{CalDavPlace, CalendarConfig};
use crate::feed::FetchFailure;
use crate::http::{Address, Getter, Names};
use crate::model::printable;
use secrecy::ExposeSecret as _;
use std::time::Instant;

/// The most homes of one principal that are looked into.
const MOST_HOMES: usize = 10;

/// What a server has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundCalendars {
    /// Those that hold events.
    pub calendars: Vec<FoundCalendar>,
    /// How many others there are, such as lists of tasks.
    pub others: usize,
    /// The mail addresses of whoever is logged in, as the server knows them.
    pub addresses: Vec<String>,
}

/// A calendar that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCalendar {
    /// Its address, without a login.
    pub address: String,
    /// How people call it, fit to be shown.
    pub name: Option<String>,
}

/// Looks for the calendars of a server: at the address itself, at `/.well-known/caldav`, and at `/`.
///
/// # Errors
/// When none of them leads to calendars, and when the login is refused.
pub fn find(server: &CalDavPlace, config: &CalendarConfig) -> Result<FoundCalendars, FetchFailure> {
    let login = Login { user: server.login.user.clone(), password: server.password().map_err(not_asked)? };
    let typed = Address::parse(server.address.expose_secret())
        .ok_or_else(|| not_asked("the address cannot be read; it starts with https://".into()))?;
    let getter = Getter::new(&Names::of_system(), config.allow_private, &config.route, config.timeout);
    let well_known = || typed.join("/.well-known/caldav");
    let places = if typed.uri().path() == "/" {
        [well_known(), typed.join("/"), None]
    } else {
        [Some(typed.clone()), well_known(), typed.join("/")]
    };
    let mut first_failure = None;
    for place in places.into_iter().flatten() {
        // Each place has the time of a look.
        let session = Session::new(&getter, config, &login, &typed, Instant::now());
        match (Finder { session, found: FoundCalendars::default() }).from(place) {
            Ok(found) => return Ok(found),
            Err((failure, true)) => return Err(failure),
            Err((failure, false)) => _ = first_failure.get_or_insert(failure),
        }
    }
    Err(first_failure.unwrap_or_else(|| "there is nothing to ask".to_owned().into()))
}

struct Finder<'a> {
    session: Session<'a>,
    found: FoundCalendars,
}

/// Why there is nothing, and whether asking elsewhere is of no use.
type Nothing = (FetchFailure, bool);

fn elsewhere(failure: impl Into<FetchFailure>) -> Nothing {
    (failure.into(), false)
}

impl Finder<'_> {
    fn from(mut self, mut at: Address) -> Result<FoundCalendars, Nothing> {
        let here = self.facts(&mut at)?;
        let principal = here.principal.as_deref().and_then(|href| self.ours(&at, href));
        let mut of_principal = Facts::default();
        let mut base = at.clone();
        if let Some(mut to) = principal {
            of_principal = self.facts(&mut to)?;
            base = to;
        }
        self.found.addresses =
            [of_principal.addresses, here.addresses].into_iter().find(|a| !a.is_empty()).unwrap_or_default();
        let homes = if of_principal.homes.is_empty() { here.homes } else { of_principal.homes };
        let homes: Vec<Address> = homes.iter().take(MOST_HOMES).filter_map(|href| self.ours(&base, href)).collect();
        // Without a principal the address is a home, or a calendar.
        for mut home in if homes.is_empty() { vec![at] } else { homes } {
            let answer = self.session.must(&mut home, &questions::calendars()).map_err(elsewhere)?;
            for response in &answer.responses {
                self.take(&home, response);
            }
        }
        if self.found == (FoundCalendars { addresses: self.found.addresses.clone(), ..FoundCalendars::default() }) {
            return Err(elsewhere("the server speaks CalDAV there, and shows no calendar".to_owned()));
        }
        Ok(self.found)
    }

    fn facts(&self, at: &mut Address) -> Result<Facts, Nothing> {
        match self.session.ask(at, &questions::principal()).map_err(elsewhere)? {
            Reply::Multi(answer) => Ok(answer.responses.first().map(Response::facts).unwrap_or_default()),
            // The same login would be refused everywhere on the server.
            Reply::Other(refusal) if refusal.status == 401 => Err((refusal.into(), true)),
            Reply::Other(refusal) => Err(elsewhere(refusal)),
        }
    }

    /// An address that the server names, if our login may go there.
    fn ours(&self, from: &Address, href: &str) -> Option<Address> {
        from.join(href).filter(|to| self.session.is_ours(to))
    }

    fn take(&mut self, home: &Address, response: &Response) {
        let facts = response.facts();
        let Some(at) = self.ours(home, &response.href).filter(|_| facts.is_calendar) else { return };
        let address = at.uri().to_string();
        if !facts.components.is_empty() && !facts.components.iter().any(|comp| comp == "VEVENT") {
            self.found.others += 1;
        } else if self.found.calendars.iter().all(|known| known.address != address) {
            let name = facts.name.map(|name| printable(&name));
            self.found.calendars.push(FoundCalendar { address, name });
        }
    }
}
