//! Calendars behind subscription addresses.
//!
//! The address is a password: nothing of it stands in an error or in the log, nor does what a redirect leads to. The
//! rules: https, and plain http to this machine or where the config allows it; at most five redirects, each judged as the
//! address itself and none from elsewhere to this machine; only the public internet unless the config allows more; one
//! time limit over everything; a proxy of the calendar's own or none, never the provider's or the environment's.
//!
//! A copy that is still good is not sent again: `ETag` and `Last-Modified` go back as they were received (RFC 9110
//! section 13.1), and a body like the last one counts as unchanged, since some servers know neither.

use super::copy::{self, Flaw};
use super::{Feed, FetchFailure, Fetched};
use crate::calendar::NotACalendar;
use crate::config::{CalendarConfig, WebAddress};
use crate::http::{Address, Getter, Got, Question, Unanswered, retry_after};
use crate::model::Validators;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Instant;

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// The longest validator that is kept, in bytes.
const VALIDATOR_MAX: usize = 1000;

/// Who asks.
pub(super) const SAVEHUB: &str = concat!("savehub/", env!("CARGO_PKG_VERSION"));

/// Who asks the servers of [`WANT_A_BROWSER`].
const BROWSER: &str = "Mozilla/5.0 (Linux) Chrome/139";

/// Servers that answer other programs with an error page (<https://github.com/nextcloud/server/issues/54799>).
const WANT_A_BROWSER: &[&str] = &["outlook.office365.com", "outlook.live.com", "outlook.office.com"];

const COPY_IT_AGAIN: &str = "the address may have been reset: copy it again from the calendar's settings";

/// What came in the end.
struct Answer {
    got: Got,
    /// It comes from the address's own server.
    own: bool,
    /// It was asked for with the address's login.
    logged_in: bool,
}

/// A calendar behind an address. Nothing is connected or built before it is asked.
pub(super) struct Web {
    address: WebAddress,
    config: CalendarConfig,
    getter: Arc<Getter>,
}

impl Web {
    pub(super) fn new(address: WebAddress, config: CalendarConfig, getter: Arc<Getter>) -> Self {
        Self { address, config, getter }
    }

    fn ask(&self, last: &Validators, whole: bool) -> Result<Fetched, FetchFailure> {
        let address = self.address.get()?;
        let known_as = WebAddress::digest(&address);
        // What another address told about its copy means nothing here.
        let nothing = Validators::default();
        let last = if last.stamp.as_ref().is_some_and(|stamp| *stamp != known_as) { &nothing } else { last };
        let conditions = if whole { Vec::new() } else { conditions(last) };
        let Answer { got, own, logged_in } = self.follow(&address, &conditions)?;
        log::debug!("calendar: HTTP {}", got.status());
        match got.status() {
            // 203: somebody on the way has changed it (RFC 9110 section 15.3.4), such as a company's scanner. No other
            // success brings a calendar: 202 has none yet, 206 a part of one.
            200 | 203 => {
                let new = if own { validators(&got) } else { Validators::default() };
                let body = got.body(self.config.max_bytes)?;
                Ok(copy::judge(body, Validators { stamp: Some(known_as), ..new }, last).map_err(no_calendar)?)
            }
            304 if own && !conditions.is_empty() => {
                let validators = still_good(validators(&got), last);
                Ok(Fetched::Unchanged(Validators { stamp: Some(known_as), ..validators }))
            }
            status => {
                Err(FetchFailure { retry_after: retry_after(got.headers()), ..refusal(status, logged_in).into() })
            }
        }
    }

    /// Asks, and follows redirects to an answer. The validators of the address's own server are sent to no other one, to
    /// which a redirect may lead today: it would speak of another calendar.
    fn follow(&self, address: &SecretString, conditions: &[(&str, &str)]) -> Result<Answer, FetchFailure> {
        let (started, limit) = (Instant::now(), self.config.timeout);
        let not_asked = |why: String| FetchFailure { unreached: true, ..why.into() };
        let unreadable = "the address cannot be read; it starts with https:// or webcal://";
        let first = Address::parse(address.expose_secret()).ok_or_else(|| not_asked(unreadable.into()))?;
        may_be_asked(&first, self.config.allow_http).map_err(not_asked)?;
        let (mut at, mut seen, mut cookie) = (first.clone(), Vec::new(), false);
        for redirects in 0..=REDIRECTS_MAX {
            let own = at.is_same_server(&first);
            let headers = self.headers(&at, if own { conditions } else { &[] });
            let failed = |Unanswered { why, unreached }| FetchFailure {
                // Whoever redirects was reached.
                unreached: unreached && redirects == 0,
                ..why.into()
            };
            let got = self
                .getter
                .ask(&at, &Question::get(&headers), limit.saturating_sub(started.elapsed()))
                .map_err(failed)?;
            if !matches!(got.status(), 301..=303 | 307 | 308) {
                return Ok(Answer { got, own, logged_in: at.has_login() });
            }
            cookie |= got.headers().contains_key("set-cookie");
            let location =
                got.headers().get("location").ok_or_else(|| "a redirect does not say where it leads".to_owned())?;
            let to = next(&at, &String::from_utf8_lossy(location.as_bytes()), self.config.allow_http)?;
            seen.push(std::mem::replace(&mut at, to));
        }
        if cookie && seen.contains(&at) {
            return Err(format!(
                "the address leads to a login page, in a circle for who has no cookie; {COPY_IT_AGAIN}"
            )
            .into());
        }
        Err(format!("more than {REDIRECTS_MAX} redirects; {COPY_IT_AGAIN}").into())
    }

    fn headers<'a>(&'a self, to: &Address, conditions: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let wants_a_browser = WANT_A_BROWSER.iter().any(|host| host.eq_ignore_ascii_case(to.host()));
        let usual = if wants_a_browser { BROWSER } else { SAVEHUB };
        let mut headers = vec![
            ("User-Agent", self.config.user_agent.as_deref().unwrap_or(usual)),
            ("Accept", "text/calendar, text/plain;q=0.8, */*;q=0.5"),
            ("Accept-Encoding", "gzip"),
        ];
        headers.extend(conditions);
        headers
    }
}

impl Feed for Web {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        self.ask(last, whole).unwrap_or_else(Fetched::Failed)
    }
}

/// Asks whether the last copy is still good.
fn conditions(last: &Validators) -> Vec<(&str, &str)> {
    let all = [("If-None-Match", &last.etag), ("If-Modified-Since", &last.last_modified)];
    all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

/// What the server told about its copy.
fn validators(got: &Got) -> Validators {
    let kept = |name| got.header(name).filter(|value| value.len() <= VALIDATOR_MAX).map(str::to_owned);
    Validators { etag: kept("etag"), last_modified: kept("last-modified"), ..Validators::default() }
}

/// A 304 repeats the validators or not (RFC 9110 section 15.4.5).
fn still_good(new: Validators, last: &Validators) -> Validators {
    Validators {
        etag: new.etag.or_else(|| last.etag.clone()),
        last_modified: new.last_modified.or_else(|| last.last_modified.clone()),
        ..last.clone()
    }
}

/// Where a redirect leads, if it may be followed.
pub(super) fn next(from: &Address, location: &str, allow_http: bool) -> Result<Address, String> {
    let to = from.join(location).ok_or("a redirect leads to no web address")?;
    if to.is_loopback() && !from.is_loopback() {
        return Err("a redirect leads from the server to this machine".into());
    }
    may_be_asked(&to, allow_http).map_err(|why| format!("a redirect: {why}"))?;
    Ok(to)
}

/// Plain http shows the address and the calendar to everybody on the way.
pub(super) fn may_be_asked(address: &Address, allow_http: bool) -> Result<(), String> {
    if address.is_secure() || address.is_loopback() || allow_http {
        return Ok(());
    }
    Err("the address is plain http; use https, or set `allow_http = true` under [calendar]".into())
}

fn no_calendar(flaw: Flaw) -> String {
    match flaw {
        Flaw::Not(NotACalendar::Html) => {
            format!("the server answered with a web page (a sign-in form?); {COPY_IT_AGAIN}")
        }
        flaw => format!("the server's answer is not a calendar: {flaw}"),
    }
}

/// A status that brings no calendar, and what to do about it.
fn refusal(status: u16, logged_in: bool) -> String {
    let (what, remedy) = match status {
        202 => ("the server has not made the calendar yet", ""),
        204 | 205 => ("the server sent nothing", ""),
        206 => ("the server sent a part of the calendar only", ""),
        304 => ("the server says that nothing has changed without having been asked", ""),
        401 if logged_in => (
            "the login was refused",
            "are user and password right? Some services want an app password, made for savehub alone",
        ),
        401 => ("the server wants a login", "copy the address again, or write it as https://USER:PASSWORD@HOST/…"),
        403 => (
            "the server refuses access",
            "the address may have been reset: copy it again; or the server wants a browser: set \
             `user_agent = \"Mozilla/5.0\"` under [calendar]",
        ),
        404 => ("the server knows no such calendar", COPY_IT_AGAIN),
        407 => ("a proxy on the way wants a login", ""),
        410 => ("the calendar is gone", COPY_IT_AGAIN),
        429 => ("the server was asked too often", ""),
        503 => ("the server is not available", ""),
        500..=599 => ("the server has a fault", ""),
        _ => ("the server sent no calendar", ""),
    };
    format!("{what} (HTTP {status}){}{remedy}", if remedy.is_empty() { "" } else { "; " })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Names;

    #[test]
    fn a_redirect_is_judged_as_the_address_itself_and_leads_to_this_machine_only_from_it() {
        for (from, location, allow_http, followed) in [
            ("https://a.example/x", "https://b.example/y", false, true),
            ("https://a.example/x", "/y", false, true),
            ("https://a.example/x", "http://a.example/x", false, false),
            ("https://a.example/x", "http://a.example/x", true, true),
            ("https://a.example/x", "http://127.0.0.1/x", true, false),
            ("https://a.example/x", "https://localhost/x", true, false),
            ("http://127.0.0.1/x", "http://localhost/y", false, true),
            ("https://127.0.0.1/x", "http://[::1]/y", false, true),
            ("http://localhost/x", "https://a.example/y", false, true),
            ("http://localhost/x", "http://a.example/y", false, false),
            ("https://a.example/x", "ftp://a.example/x", true, false),
        ] {
            let from = Address::parse(from).unwrap();
            assert_eq!(next(&from, location, allow_http).is_ok(), followed, "{location}");
        }
    }

    #[test]
    fn a_server_that_wants_a_browser_gets_one_and_the_config_wins() {
        let agent = |address: &str, chosen: Option<&str>| {
            let config = CalendarConfig { user_agent: chosen.map(str::to_owned), ..CalendarConfig::default() };
            let getter = Getter::new(&Names::of_system(), false, &config.route, config.timeout);
            let web = Web::new(String::new().into(), config, Arc::new(getter));
            web.headers(&Address::parse(address).unwrap(), &[])[0].1.to_owned()
        };
        assert_eq!(agent("https://a.example/x", None), SAVEHUB);
        assert_eq!(agent("https://Outlook.Office365.com/owa/x", None), BROWSER);
        assert_eq!(agent("https://outlook.office365.com/owa/x", Some("mine")), "mine");
    }

    #[test]
    fn a_304_keeps_what_it_does_not_repeat() {
        let of = |etag: Option<&str>, date: Option<&str>| Validators {
            etag: etag.map(str::to_owned),
            last_modified: date.map(str::to_owned),
            stamp: None,
            hash: None,
        };
        let last = Validators { hash: Some("h".into()), ..of(Some("a"), Some("d")) };
        assert_eq!(still_good(of(None, None), &last), last);
        let newer = Validators { hash: Some("h".into()), ..of(Some("b"), Some("d")) };
        assert_eq!(still_good(of(Some("b"), None), &last), newer);
    }
}
