//! Calendars on CalDAV servers (RFC 4791): asked often, since a look at one that has not changed is one short question.
//!
//! A look asks what has changed since the last one (`sync-collection`, RFC 6578; `getctag` where that is missing). If
//! something has, it lists the events of the wanted time, and fetches them in parts when the list is another one. They
//! are put together into one calendar, which is read like any other; series are expanded here, since servers differ in
//! that. Nothing is ever written to a server.
//!
//! | file | is about |
//! |---|---|
//! | `session`, `family` | one question: redirects, the login and who may have it, refusals |
//! | `questions` | the bodies of requests |
//! | `xml`, `answer` | what a server says |
//! | `changes` | has anything changed? |
//! | `listing`, `resources` | which events there are, and the events |
//! | `known` | what is kept from look to look |
//! | `discovery` | from a server's address to its calendars |
//! | `turns` | at most so many at once for each host |

mod answer;
mod changes;
mod discovery;
mod family;
mod known;
mod listing;
mod questions;
mod resources;
mod session;
mod turns;
mod xml;

pub use discovery::{FoundCalendar, FoundCalendars, find};
pub(super) use known::addresses;
pub(super) use turns::Turns;

use super::{Feed, FetchFailure, Fetched, Wanted, copy};
use crate::config::{CalDavPlace, CalendarConfig};
use crate::http::{Address, Getter};
use crate::model::Validators;
use answer::Facts;
use changes::Since;
use known::{Known, State};
use listing::Listing;
use resources::{Resources, Together};
use secrecy::ExposeSecret as _;
use session::{Login, Session, not_asked};
use std::sync::Arc;
use std::time::Instant;

/// A calendar on a server.
pub(super) struct CalDav {
    pub(super) place: CalDavPlace,
    pub(super) config: CalendarConfig,
    pub(super) getter: Arc<Getter>,
    pub(super) turns: Arc<Turns>,
    pub(super) wanted: Wanted,
}

impl CalDav {
    fn look(&self, last: &Validators, whole: bool) -> Result<Fetched, FetchFailure> {
        let started = Instant::now();
        let password = self.place.password().map_err(not_asked)?;
        let login = Login { user: self.place.login.user.clone(), password };
        let at = Address::parse(self.place.address.expose_secret())
            .ok_or_else(|| not_asked("the address cannot be read; it starts with https://".into()))?;
        let busy = || not_asked("the server has no turn free: too many of its calendars are slow".into());
        let _turn = self.turns.take(at.host(), self.config.timeout).ok_or_else(busy)?;
        let session = Session::new(&self.getter, &self.config, &login, &at, started);
        let known_as = self.place.digest();
        let known = Known::of(last, &known_as);
        let is_new = last.hash.is_none() || known.until.is_none_or(|until| until < self.wanted.end);
        let mut look = Look { session, at, known, whole: whole || is_new, wanted: &self.wanted };
        let changed = look.has_changed()?;
        let events = if changed { look.events(self.config.max_bytes)? } else { None };
        let Some(Together { body, missing }) = events else {
            return Ok(Fetched::Unchanged(look.known.validators(&known_as)));
        };
        if missing > 0 {
            // Asked for again by the next look.
            (look.known.state, look.known.listing) = (None, None);
        }
        // As long as something is missing, the copy confirms nothing.
        let nothing = Validators::default();
        let fetched = copy::judge(body, look.known.validators(&known_as), if missing > 0 { &nothing } else { last });
        Ok(match fetched.map_err(|flaw| format!("the server's events make no calendar: {flaw}"))? {
            Fetched::New { body, validators, .. } => Fetched::New { body, validators, missing },
            other => other,
        })
    }
}

impl Feed for CalDav {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        self.look(last, whole).unwrap_or_else(Fetched::Failed)
    }
}

/// One look.
struct Look<'a> {
    session: Session<'a>,
    /// Where the calendar is, after redirects.
    at: Address,
    /// What was known of it, and is from now on.
    known: Known,
    /// It is read whatever the server says about changes.
    whole: bool,
    wanted: &'a Wanted,
}

impl Look<'_> {
    /// May something have changed? The state of the calendar is asked for before the events: what changes in between is
    /// seen once more.
    fn has_changed(&mut self) -> Result<bool, FetchFailure> {
        let since = match self.known.state.as_ref().filter(|_| !self.whole) {
            Some(state) => changes::since(&self.session, &mut self.at, state)?,
            None => Since::Unknown { trust_tokens: true },
        };
        match since {
            Since::Same => return Ok(false),
            Since::Changed(state) => self.known.state = Some(state),
            Since::Unknown { trust_tokens } => {
                let facts = changes::facts(&self.session, &mut self.at)?;
                if self.whole
                    && let Some(addresses) = self.own_addresses(&facts)
                {
                    self.known.addresses = addresses;
                }
                let token = facts.token.filter(|_| trust_tokens).map(State::Token);
                self.known.state = token.or(facts.ctag.map(State::Ctag));
            }
        }
        Ok(true)
    }

    /// The mail addresses of whoever is logged in as the server knows them (RFC 6638 section
    /// 2.4.1). `None`: it does not say who that is.
    fn own_addresses(&self, facts: &Facts) -> Option<Vec<String>> {
        let mut principal = self.at.join(facts.principal.as_deref()?).filter(|at| self.session.is_ours(at))?;
        let answer = self.session.must(&mut principal, &questions::principal()).ok()?;
        Some(answer.responses.first()?.facts().addresses)
    }

    /// The events; `None`: they are those of the copy.
    fn events(&mut self, most: usize) -> Result<Option<Together>, FetchFailure> {
        let listing = Listing::ask(&self.session, &mut self.at, self.wanted)?;
        let fingerprint = listing.fingerprint();
        let same = !self.whole && fingerprint.is_some() && fingerprint == self.known.listing;
        (self.known.listing, self.known.until) = (fingerprint, Some(listing.until));
        if same {
            return Ok(None);
        }
        Ok(Some(Resources::ask(&self.session, &mut self.at, &listing, most)?.together()))
    }
}
