//! XML as a tree, as far as WebDAV needs it: names in namespaces, and texts.
//!
//! What a server sends can cost only so much: the depth and the number of elements are bounded, and a document type is
//! refused, so that no entity can be defined in it.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

/// The deepest tree; an answer with properties of access control has about ten levels.
const DEEPEST: usize = 40;

/// The most elements; each event of a calendar needs about eight.
const MOST: usize = 400_000;

/// Whose name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ns {
    /// `DAV:` (RFC 4918).
    Dav,
    /// `urn:ietf:params:xml:ns:caldav` (RFC 4791).
    CalDav,
    /// `http://calendarserver.org/ns/`, of Apple's extensions.
    CalendarServer,
    Other,
}

/// An element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) ns: Ns,
    pub(super) name: String,
    /// Its attribute `name`.
    named: Option<String>,
    /// What stands in it, without that of the elements in it.
    text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    fn open(ns: Ns, start: &BytesStart<'_>) -> Self {
        let named = start.try_get_attribute("name").ok().flatten().map(|found| found.value.trim().to_owned());
        Self { ns, name: start.local_name().as_ref().to_owned(), named, text: String::new(), children: Vec::new() }
    }

    pub(super) fn is(&self, ns: Ns, name: &str) -> bool {
        self.ns == ns && self.name == name
    }

    /// The elements in it of this name.
    pub(super) fn all<'a>(&'a self, ns: Ns, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(ns, name))
    }

    pub(super) fn first(&self, ns: Ns, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(ns, name))
    }

    /// Is there one anywhere in it?
    pub(super) fn holds(&self, ns: Ns, name: &str) -> bool {
        self.children.iter().any(|child| child.is(ns, name) || child.holds(ns, name))
    }

    /// Its text, unless that is blank.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The text of the first element of this name.
    pub(super) fn text_of(&self, ns: Ns, name: &str) -> Option<&str> {
        self.first(ns, name)?.text()
    }

    /// The value of its attribute `name`.
    pub(super) fn named(&self) -> Option<&str> {
        self.named.as_deref()
    }
}

/// The tree of a document; otherwise why there is none, in plain words.
pub(super) fn tree(text: &str) -> Result<Element, &'static str> {
    let mut reader = NsReader::from_str(text);
    let (mut open, mut count): (Vec<Element>, _) = (Vec::new(), 0);
    loop {
        let (space, event) = reader.read_resolved_event().map_err(|_| "it is broken XML")?;
        let space = ns(&space);
        match event {
            Event::Start(start) => {
                count += 1;
                if open.len() == DEEPEST || count > MOST {
                    return Err("its XML is too deep or too large");
                }
                open.push(Element::open(space, &start));
            }
            Event::Empty(start) => {
                count += 1;
                if count > MOST {
                    return Err("its XML is too deep or too large");
                }
                let empty = Element::open(space, &start);
                match open.last_mut() {
                    Some(parent) => parent.children.push(empty),
                    None => return Ok(empty),
                }
            }
            Event::End(_) => {
                let done = open.pop().ok_or("it is broken XML")?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(name) => add(&mut open, referred(&name)?.encode_utf8(&mut [0; 4])),
            Event::DocType(_) => return Err("its XML has a document type, which WebDAV has not"),
            Event::Eof => return Err("it is broken XML"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn ns(space: &ResolveResult<'_>) -> Ns {
    match space {
        ResolveResult::Bound(Namespace("DAV:")) => Ns::Dav,
        ResolveResult::Bound(Namespace("urn:ietf:params:xml:ns:caldav")) => Ns::CalDav,
        ResolveResult::Bound(Namespace("http://calendarserver.org/ns/")) => Ns::CalendarServer,
        _ => Ns::Other,
    }
}

/// Control characters are no XML, and servers send them all the same.
fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.extend(text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')));
    }
}

/// The character of a reference. No entity is defined but those of XML itself.
fn referred(name: &str) -> Result<char, &'static str> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let known = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#') {
            Some(digits) => digits.strip_prefix('x').map_or_else(|| number(digits, 10), |digits| number(digits, 16)),
            None => None,
        },
    };
    known.ok_or("its XML has an entity that nobody knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_their_namespaces_whatever_the_prefixes() {
        for text in [
            "<multistatus xmlns='DAV:'><sync-token> a&amp;b&#13;\u{1}<!-- c --><![CDATA[<c>]]></sync-token></multistatus>",
            "<?xml version='1.0'?><x:multistatus xmlns:x='DAV:'><x:sync-token>a&#x26;b\r<y/>&lt;c></x:sync-token>\
             </x:multistatus>",
        ] {
            let root = tree(text).unwrap();
            assert!(root.is(Ns::Dav, "multistatus"), "{text}");
            assert_eq!(root.text_of(Ns::Dav, "sync-token"), Some("a&b\r<c>"), "{text}");
            assert!(!root.holds(Ns::CalDav, "sync-token"));
        }
        let comps = tree("<s xmlns='urn:ietf:params:xml:ns:caldav'><comp name='VEVENT'/></s>").unwrap();
        assert_eq!(comps.first(Ns::CalDav, "comp").and_then(Element::named), Some("VEVENT"));
    }

    #[test]
    fn what_is_broken_too_deep_or_defines_entities_is_refused() {
        let deep = "<a>".repeat(100_000);
        let wide = format!("<a>{}</a>", "<b/>".repeat(MOST));
        for (text, why) in [
            ("", "it is broken XML"),
            ("BEGIN:VCALENDAR", "it is broken XML"),
            ("<a><b></a>", "it is broken XML"),
            ("<a><b/>", "it is broken XML"),
            ("<a>&lol;</a>", "its XML has an entity that nobody knows"),
            ("<!DOCTYPE a [<!ENTITY l 'lol'>]><a>&l;</a>", "its XML has a document type, which WebDAV has not"),
            (deep.as_str(), "its XML is too deep or too large"),
            (wide.as_str(), "its XML is too deep or too large"),
        ] {
            assert_eq!(tree(text), Err(why), "{}", text.get(..40.min(text.len())).unwrap_or_default());
        }
    }
}
