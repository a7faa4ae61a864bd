//! What a call says, as TwiML (docs/voice/twiml/say).

use crate::model::{Voice, cut};
use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io;

/// The longest document Twilio takes ("Max 4000 characters", docs/voice/api/call-resource), counted in bytes to be on
/// the safe side.
pub const TWIML_MAX: usize = 4000;

/// Longest language tag and voice name, in characters.
const ATTRIBUTE_MAX: usize = 100;

/// The document that says `message` twice. With `key_bin`, the address of a TwiML Bin, a key pressed meanwhile goes there
/// (docs/voice/twiml/gather; addresses in it must be absolute).
///
/// Characters XML 1.0 cannot carry at all (section 2.2, `Char`) are dropped: one of them would make the document
/// ill-formed, which Twilio notices when the callee has picked up (docs/api/errors/12100). Runs of white space become
/// one space. A text that would make the document longer than [`TWIML_MAX`] is cut at its end, before escaping, so that
/// what is left stays well-formed.
pub fn twiml(message: &str, voice: &Voice, key_bin: Option<&str>) -> io::Result<String> {
    let text = speakable(message);
    let room = TWIML_MAX.saturating_sub(document("", voice, key_bin)?.len());
    let mut used = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            used += escaped_len(*c);
            used > room
        })
        .map_or(text.len(), |(at, _)| at);
    document(text[..end].trim_end(), voice, key_bin)
}

fn document(text: &str, voice: &Voice, key_bin: Option<&str>) -> io::Result<String> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("Response")))?;
    if let Some(bin) = key_bin {
        let gather = BytesStart::new("Gather").with_attributes([("action", bin), ("numDigits", "1")]);
        writer.write_event(Event::Start(gather))?;
    }
    let (language, name) = (voice.language.as_deref().map(attribute), voice.voice.as_deref().map(attribute));
    // The SDKs sort attributes by name.
    let mut say = BytesStart::new("Say");
    if let Some(language) = &language {
        say.push_attribute(("language", language.as_str()));
    }
    say.push_attribute(("loop", "2"));
    if let Some(name) = &name {
        say.push_attribute(("voice", name.as_str()));
    }
    writer.write_event(Event::Start(say))?;
    // In text `"` and `'` may stand as they are; the SDKs leave them, and the room for a message is counted so.
    writer.write_event(Event::Text(BytesText::from_escaped(partial_escape(text))))?;
    writer.write_event(Event::End(BytesEnd::new("Say")))?;
    if key_bin.is_some() {
        writer.write_event(Event::End(BytesEnd::new("Gather")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("Response")))?;
    String::from_utf8(writer.into_inner()).map_err(io::Error::other)
}

fn attribute(text: &str) -> String {
    cut(&speakable(text), ATTRIBUTE_MAX)
}

fn speakable(text: &str) -> String {
    let legal: String = text.chars().filter(|c| c.is_whitespace() || is_xml_char(*c)).collect();
    legal.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// XML 1.0 section 2.2, production 2; a Rust `char` is never a surrogate.
const fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Bytes of a character once [`partial_escape`] has seen it.
const fn escaped_len(c: char) -> usize {
    match c {
        '&' => 5,
        '<' | '>' => 4,
        _ => c.len_utf8(),
    }
}
