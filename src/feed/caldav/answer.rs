//! What a server says about its resources: a multistatus (RFC 4918 section 13), taken apart.

use super::xml::{Element, Ns, tree};

/// An answer of status 207.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) responses: Vec<Response>,
    /// `DAV:sync-token` of the whole answer (RFC 6578 section 6.2).
    pub(super) token: Option<String>,
}

/// What is said about one resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    /// As it stands in the answer.
    pub(super) href: String,
    /// The status of the whole resource, if it has one: 404 is gone, 507 is "more to come".
    pub(super) status: Option<u16>,
    /// `DAV:prop` with the properties that were found.
    found: Vec<Element>,
}

/// A calendar, or what leads to one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// `DAV:sync-token`, of a collection that can tell changes.
    pub(super) token: Option<String>,
    /// `getctag`: changes with anything in the collection.
    pub(super) ctag: Option<String>,
    /// How people call it.
    pub(super) name: Option<String>,
    /// It is a calendar.
    pub(super) is_calendar: bool,
    /// Which components it may hold; empty: it does not say.
    pub(super) components: Vec<String>,
    /// Where the principal is that is logged in, or that owns it.
    pub(super) principal: Option<String>,
    /// Where the calendars of a principal are.
    pub(super) homes: Vec<String>,
    /// Mail addresses of a principal, in lower case.
    pub(super) addresses: Vec<String>,
}

/// The most mail addresses of one person.
const MOST_ADDRESSES: usize = 20;

impl Answer {
    /// Is there more to come (507 for the collection; RFC 6578 section 3.6)?
    pub(super) fn is_cut(&self) -> bool {
        self.responses.iter().any(|response| response.status == Some(507))
    }

    /// Reads the body of a 207.
    pub(super) fn read(body: &str) -> Result<Self, &'static str> {
        let mut root = tree(body)?;
        if !root.is(Ns::Dav, "multistatus") {
            return Err("it is no multistatus");
        }
        let token = root.text_of(Ns::Dav, "sync-token").map(str::to_owned);
        let children = std::mem::take(&mut root.children).into_iter();
        let responses = children.filter(|child| child.is(Ns::Dav, "response")).flat_map(responses).collect();
        Ok(Self { responses, token })
    }
}

/// The properties come under one address; a status may hold for several.
fn responses(element: Element) -> Vec<Response> {
    let status = element.text_of(Ns::Dav, "status").and_then(code);
    let hrefs: Vec<String> = element.all(Ns::Dav, "href").filter_map(|href| Some(href.text()?.to_owned())).collect();
    let stats = element.children.into_iter().filter(|child| child.is(Ns::Dav, "propstat"));
    let good = stats.filter(|stat| stat.text_of(Ns::Dav, "status").and_then(code).is_none_or(is_good));
    let props = good.flat_map(|stat| stat.children).filter(|child| child.is(Ns::Dav, "prop"));
    let mut found: Vec<Element> = props.collect();
    hrefs.into_iter().map(|href| Response { href, status, found: std::mem::take(&mut found) }).collect()
}

fn is_good(status: u16) -> bool {
    (200..300).contains(&status)
}

/// `HTTP/1.1 200 OK`.
fn code(status: &str) -> Option<u16> {
    status.split_ascii_whitespace().nth(1)?.parse().ok()
}

impl Response {
    /// Is it an answer with something in it?
    pub(super) fn is_good(&self) -> bool {
        self.status.is_none_or(is_good)
    }

    fn property(&self, ns: Ns, name: &str) -> Option<&Element> {
        self.found.iter().find_map(|prop| prop.first(ns, name))
    }

    fn text(&self, ns: Ns, name: &str) -> Option<String> {
        self.property(ns, name)?.text().map(str::to_owned)
    }

    /// `DAV:getetag`.
    pub(super) fn etag(&self) -> Option<String> {
        self.text(Ns::Dav, "getetag")
    }

    /// The calendar of the resource.
    pub(super) fn data(&self) -> Option<String> {
        self.text(Ns::CalDav, "calendar-data")
    }

    /// Everything that is asked of collections and principals.
    pub(super) fn facts(&self) -> Facts {
        let href_in = |name| self.property(Ns::Dav, name)?.text_of(Ns::Dav, "href").map(str::to_owned);
        let hrefs_in = |name| self.property(Ns::CalDav, name).map(hrefs).unwrap_or_default();
        let kinds = self.property(Ns::Dav, "resourcetype");
        let components = self.property(Ns::CalDav, "supported-calendar-component-set");
        let components = components.into_iter().flat_map(|set| set.all(Ns::CalDav, "comp"));
        Facts {
            token: self.text(Ns::Dav, "sync-token"),
            ctag: self.text(Ns::CalendarServer, "getctag"),
            name: self.text(Ns::Dav, "displayname"),
            is_calendar: kinds.is_some_and(|kinds| kinds.first(Ns::CalDav, "calendar").is_some()),
            components: components.filter_map(|comp| Some(comp.named()?.to_ascii_uppercase())).collect(),
            principal: href_in("current-user-principal").or_else(|| href_in("owner")),
            homes: hrefs_in("calendar-home-set"),
            addresses: hrefs_in("calendar-user-address-set")
                .iter()
                .filter_map(|href| mail(href))
                .take(MOST_ADDRESSES)
                .collect(),
        }
    }
}

fn hrefs(element: &Element) -> Vec<String> {
    element.all(Ns::Dav, "href").filter_map(|href| Some(href.text()?.to_owned())).collect()
}

/// The address of `mailto:…`, in lower case.
fn mail(href: &str) -> Option<String> {
    let (scheme, address) = href.split_once(':')?;
    let address = address.trim().to_lowercase();
    let plain = address.len() <= 254 && !address.contains(|c: char| c.is_whitespace() || c.is_control());
    let whole = address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    (scheme.eq_ignore_ascii_case("mailto") && plain && whole).then_some(address)
}

/// Does an answer that is no multistatus name this precondition (RFC 4918 section 16)?
pub(super) fn names(body: &str, ns: Ns, precondition: &str) -> bool {
    tree(body).is_ok_and(|root| root.holds(ns, precondition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_what_was_found_and_the_status_of_the_rest() {
        let body = r#"<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
            <d:response><d:href>/a/1.ics</d:href>
              <d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>BEGIN:X</c:calendar-data></d:prop>
                <d:status>HTTP/1.1 200 OK</d:status></d:propstat>
              <d:propstat><d:prop><d:displayname>no</d:displayname></d:prop>
                <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
            <d:response><d:href>/a/2.ics</d:href><d:href>/a/3.ics</d:href>
              <d:status>HTTP/1.1 404 Not Found</d:status></d:response>
            <d:response><d:href>/a/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>
            <d:sync-token>http://x/2</d:sync-token></d:multistatus>"#;
        let answer = Answer::read(body).unwrap();
        assert_eq!(answer.token.as_deref(), Some("http://x/2"));
        let seen: Vec<_> = answer.responses.iter().map(|r| (r.href.as_str(), r.status, r.etag(), r.data())).collect();
        let (etag, data) = (Some("\"1\"".to_owned()), Some("BEGIN:X".to_owned()));
        assert_eq!(
            seen,
            [
                ("/a/1.ics", None, etag, data),
                ("/a/2.ics", Some(404), None, None),
                ("/a/3.ics", Some(404), None, None),
                ("/a/", Some(507), None, None),
            ]
        );
        assert_eq!(answer.responses[0].facts(), Facts::default());
        assert_eq!(Answer::read("<html xmlns='DAV:'/>"), Err("it is no multistatus"));
    }

    #[test]
    fn a_principal_has_homes_and_those_of_its_addresses_that_are_mail() {
        let body = r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href>/p/</href>
            <propstat><prop><current-user-principal><href>/p/</href></current-user-principal>
            <C:calendar-home-set><href>/h/</href><href>/i/</href></C:calendar-home-set>
            <C:calendar-user-address-set><href>mailto:Ana@Example.com</href><href>/p/</href><href>urn:uuid:1</href>
            <href>MAILTO:a b@x</href><href>mailto:nobody</href></C:calendar-user-address-set>
            <resourcetype><collection/><C:calendar/></resourcetype>
            <C:supported-calendar-component-set><C:comp name="vevent"/></C:supported-calendar-component-set>
            </prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"#;
        let facts = Answer::read(body).unwrap().responses[0].facts();
        assert_eq!(facts.addresses, ["ana@example.com"]);
        assert_eq!(facts.homes, ["/h/", "/i/"]);
        assert_eq!((facts.principal.as_deref(), facts.is_calendar), (Some("/p/"), true));
        assert_eq!(facts.components, ["VEVENT"]);
    }

    #[test]
    fn a_precondition_is_found_wherever_it_stands() {
        let body = "<d:error xmlns:d='DAV:'><x/><d:valid-sync-token/></d:error>";
        assert!(names(body, Ns::Dav, "valid-sync-token"));
        assert!(!names(body, Ns::CalDav, "valid-sync-token"));
        assert!(!names("no XML", Ns::Dav, "valid-sync-token"));
    }
}
