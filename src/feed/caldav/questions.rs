//! The bodies of requests. Nothing in them changes anything at a server.

use crate::model::Timestamp;
use quick_xml::escape::escape;
use std::fmt::Write as _;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// The namespaces of everything below: `d`, `c` and `s`.
const SPACES: &str =
    "xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" xmlns:s=\"http://calendarserver.org/ns/\"";

/// A request with a body.
pub(super) struct Asked {
    pub(super) method: &'static str,
    pub(super) depth: &'static str,
    pub(super) body: String,
}

/// What a collection says of its own state.
pub(super) fn state() -> Asked {
    properties("0", "<d:resourcetype/><d:sync-token/><s:getctag/><d:current-user-principal/><d:owner/>")
}

/// Who is logged in, and where their calendars are.
pub(super) fn principal() -> Asked {
    let wanted = "<d:resourcetype/><d:displayname/><d:current-user-principal/><c:supported-calendar-component-set/>\
                  <c:calendar-home-set/><c:calendar-user-address-set/>";
    properties("0", wanted)
}

/// The calendars of a home.
pub(super) fn calendars() -> Asked {
    properties("1", "<d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>")
}

fn properties(depth: &'static str, wanted: &str) -> Asked {
    let body = format!("{HEAD}<d:propfind {SPACES}><d:prop>{wanted}</d:prop></d:propfind>");
    Asked { method: "PROPFIND", depth, body }
}

/// What has changed since the token (RFC 6578 section 3.2): all of it, since servers get limits wrong.
pub(super) fn changes(token: &str) -> Asked {
    let body = format!(
        "{HEAD}<d:sync-collection {SPACES}><d:sync-token>{}</d:sync-token><d:sync-level>1</d:sync-level>\
         <d:prop><d:getetag/></d:prop></d:sync-collection>",
        escape(token)
    );
    Asked { method: "REPORT", depth: "0", body }
}

/// Which events take place in this time (RFC 4791 section 7.8): where they are, and their versions.
pub(super) fn events(from: Timestamp, until: Timestamp) -> Asked {
    let body = format!(
        "{HEAD}<c:calendar-query {SPACES}><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name=\"VCALENDAR\">\
         <c:comp-filter name=\"VEVENT\"><c:time-range start=\"{}\" end=\"{}\"/></c:comp-filter></c:comp-filter>\
         </c:filter></c:calendar-query>",
        basic(from),
        basic(until)
    );
    Asked { method: "REPORT", depth: "1", body }
}

/// The events at these places (RFC 4791 section 7.9).
pub(super) fn data<'a>(hrefs: impl Iterator<Item = &'a str>) -> Asked {
    let mut body = format!("{HEAD}<c:calendar-multiget {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>");
    for href in hrefs {
        // Writing to a String cannot fail.
        _ = write!(body, "<d:href>{}</d:href>", escape(href));
    }
    body.push_str("</c:calendar-multiget>");
    Asked { method: "REPORT", depth: "1", body }
}

/// `20261122T090000Z`.
fn basic(at: Timestamp) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at.ms()).unwrap_or_default();
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_for_events_has_both_ends_of_the_time() {
        let day = Timestamp::from_ms(1_795_338_000_000);
        let asked = events(day, Timestamp::from_ms(day.ms() + 86_400_000));
        let range = "<c:time-range start=\"20261122T090000Z\" end=\"20261123T090000Z\"/>";
        assert!(asked.body.contains(range), "{}", asked.body);
        assert_eq!((asked.method, asked.depth), ("REPORT", "1"));
    }

    #[test]
    fn what_a_server_told_goes_back_as_text() {
        assert!(changes("a&b<c>").body.contains("<d:sync-token>a&amp;b&lt;c&gt;</d:sync-token>"));
        assert!(data(["/a&b", "/c"].into_iter()).body.contains("<d:href>/a&amp;b</d:href><d:href>/c</d:href>"));
    }
}
