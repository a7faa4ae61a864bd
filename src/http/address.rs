//! Web addresses that are passwords.

use super::is_loopback;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::{self, Write as _};
use ureq::http::Uri;

/// Where something is in the web. Who knows it may read what is there, so nothing of it is shown: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    /// As it stood in front of the host.
    login: Option<Login>,
}

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

impl Login {
    /// `user:password`, each with `%XX`.
    fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self { user: unescaped(user), password: unescaped(password) }
    }

    /// As a server gets it that wants no digest (RFC 7617).
    pub(super) fn plain(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl Address {
    /// Reads `https://…` or `http://…`; `webcal://` and `webcals://` mean https. `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" | "webcal" | "webcals" => "https",
            "http" => "http",
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, host) = authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
        let path = path.split('#').next().unwrap_or_default();
        let uri: Uri = format!("{scheme}://{host}{}", escaped(path)).parse().ok()?;
        let named = uri.host().is_some_and(|host| !host.is_empty());
        named.then(|| Self { uri, login: login.map(Login::parse) })
    }

    /// Is it https?
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Does it name this machine: `localhost`, or a loopback address in plain notation?
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// Do both lead to one server: scheme, host and port?
    pub fn is_same_server(&self, other: &Self) -> bool {
        (self.scheme(), self.authority()) == (other.scheme(), other.authority())
    }

    /// The name of the server, or its IP address.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Where a redirect from here leads (RFC 3986 section 5.2). A login goes on to the same server only.
    pub fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        let mut there = if has_scheme(location) {
            Self::parse(location)?
        } else if location.starts_with("//") {
            Self::parse(&format!("{}:{location}", self.scheme()))?
        } else {
            Self::parse(&format!("{}{}", self.server(), self.target(location)))?
        };
        there.login = self.login.clone().filter(|_| there.is_same_server(self));
        Some(there)
    }

    /// The same with this login in the place of what it held.
    #[must_use]
    pub fn with_login(self, user: &str, password: &str) -> Self {
        Self { login: Some(Login { user: user.to_owned(), password: password.to_owned() }), ..self }
    }

    /// Does it hold a login?
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Scheme, host and port, as far as they were written.
    pub(super) fn server(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// What is asked for there: path and query.
    pub(super) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |all| all.as_str())
    }

    /// Host and path, the same for all spellings of an address.
    pub(crate) fn place(&self) -> String {
        self.host().to_ascii_lowercase() + &unescaped(self.uri.path())
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or_default()
    }

    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// Path and query of a location without scheme and host.
    fn target(&self, location: &str) -> String {
        let (path, query) = location.split_at(location.find(['?', '#']).unwrap_or(location.len()));
        let here = self.uri.path();
        match path {
            "" if query.starts_with('?') => format!("{here}{query}"),
            "" => self.path_and_query().to_owned(),
            absolute if absolute.starts_with('/') => without_dots(absolute) + query,
            relative => {
                let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
                without_dots(&format!("{folder}/{relative}")) + query
            }
        }
    }
}

/// Does it begin with `scheme:` (RFC 3986 section 3.1)?
fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// An absolute path without `.` and `..` (RFC 3986 section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// What may not stand in a path, as `%XX`: people paste spaces and letters outside of ASCII, and servers send them.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'\\' | b'^' | b'|') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// What a text with `%XX` stands for.
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let hex = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(code) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(code);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn webcal_is_read_as_https_and_other_schemes_are_not_read() {
        for text in ["https://a.example/x", "HTTPS://a.example/x", "webcal://a.example/x", "WebCals://a.example/x"] {
            assert_eq!(address(text).uri().to_string(), "https://a.example/x", "{text}");
        }
        assert_eq!(address("http://[::1]:8080/x?y#z").uri().to_string(), "http://[::1]:8080/x?y");
        assert_eq!(address("https://a.example/ä b").uri().to_string(), "https://a.example/%C3%A4%20b");
        for text in
            ["", "a.example/x", "ftp://a.example", "file:///etc/passwd", "https://", "https:///x", "https://@/x"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_plain_names_of_this_machine_are_loopback() {
        for (text, is) in [
            ("http://localhost/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://ana:pw@127.0.0.1/", true),
            ("http://0x7f.1/", false),
            ("http://2130706433/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://localhost@a.example/", false),
            ("http://127.0.0.1.a.example/", false),
        ] {
            assert_eq!(address(text).is_loopback(), is, "{text}");
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_was_given() {
        let here = address("https://a.example:8443/cal/me/basic.ics?key=1");
        for (location, there) in [
            ("http://b.example/x", "http://b.example/x"),
            ("webcal://b.example/x", "https://b.example/x"),
            ("//b.example/x", "https://b.example/x"),
            ("/x?y", "https://a.example:8443/x?y"),
            ("x.ics", "https://a.example:8443/cal/me/x.ics"),
            ("./x.ics#part", "https://a.example:8443/cal/me/x.ics"),
            ("../x/./y", "https://a.example:8443/cal/x/y"),
            ("../../../../x/..", "https://a.example:8443/"),
            ("?key=2", "https://a.example:8443/cal/me/basic.ics?key=2"),
            ("", "https://a.example:8443/cal/me/basic.ics?key=1"),
            (" /x:y ", "https://a.example:8443/x:y"),
        ] {
            assert_eq!(here.join(location).unwrap().uri().to_string(), there, "{location}");
        }
        for location in ["javascript:x", "file:///etc/passwd", "https:x", "//", "http://"] {
            assert_eq!(here.join(location), None, "{location}");
        }
    }

    #[test]
    fn a_login_is_sent_to_its_own_server_only() {
        let here = address("https://ana:p%40ss%@a.example/x");
        let plain = |address: &Address| address.login().map(Login::plain);
        let basic = Some("Basic YW5hOnBAc3Ml".to_owned());
        assert_eq!(plain(&here), basic);
        assert_eq!(here.uri().to_string(), "https://a.example/x");
        assert_eq!(plain(&here.join("/y").unwrap()), basic);
        assert_eq!(plain(&address("https://a.example/x").with_login("ana", "p@ss%")), basic);
        for elsewhere in
            ["https://b.example/x", "http://a.example/x", "https://a.example:444/", "https://eve:1@b.example"]
        {
            assert!(!here.join(elsewhere).unwrap().has_login(), "{elsewhere}");
        }
    }

    #[test]
    fn a_place_is_the_same_however_it_is_spelt() {
        let here = address("https://A.example/cal/ana%40a.example/work/");
        for href in ["/cal/ana@a.example/work/", "../work/", "https://a.EXAMPLE/cal/%61na%40a.example/work/", ""] {
            assert_eq!(here.join(href).unwrap().place(), "a.example/cal/ana@a.example/work/", "{href}");
        }
        assert_ne!(here.join("../work").unwrap().place(), here.place(), "the slash counts");
    }

    #[test]
    fn nothing_of_an_address_is_shown() {
        assert_eq!(format!("{:?}", address("https://ana:pw@a.example/secret?token")), "Address(…)");
    }
}
