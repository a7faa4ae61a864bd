//! A component of a file, with the series behind it: what it does not tell it takes from there.

use super::line::Property;
use super::read::{Doubt, Field, File, Name};
use super::value;

/// A component, with the series behind it.
#[derive(Clone, Copy)]
pub(super) struct Component<'s, 'f> {
    pub(super) file: &'s File<'f>,
    pub(super) own: &'s [Field],
    pub(super) series: Option<&'s [Field]>,
}

impl<'f> Component<'_, 'f> {
    /// The fields of this name: its own, or else those of its series.
    pub(super) fn fields(&self, name: Name) -> impl Iterator<Item = &Field> {
        let tells = |fields: &[Field]| fields.iter().any(|field| field.name == name);
        let fields = if tells(self.own) { self.own } else { self.series.unwrap_or_default() };
        fields.iter().filter(move |field| field.name == name)
    }

    /// The properties of this name.
    pub(super) fn all(&self, name: Name) -> impl Iterator<Item = Property<'f>> {
        self.fields(name).map(|field| self.file.property(field))
    }

    /// The least doubtful of them, as a text.
    pub(super) fn text(&self, name: Name) -> String {
        self.least_doubtful(self.fields(name))
    }

    /// The same in capitals. What is but a line of a text keeps nobody from being called.
    pub(super) fn word(&self, name: Name) -> String {
        self.least_doubtful(self.fields(name).filter(|field| field.doubt < Doubt::Written)).to_ascii_uppercase()
    }

    fn least_doubtful<'a>(&self, fields: impl Iterator<Item = &'a Field>) -> String {
        let field = fields.min_by_key(|field| field.doubt);
        field.map(|field| plain(&self.file.property(field)).trim().to_owned()).unwrap_or_default()
    }
}

/// The fields of the event at this place.
pub(super) fn fields<'s>(file: &'s File<'_>, at: usize) -> &'s [Field] {
    file.events.get(at).map(|raw| file.event(raw)).unwrap_or_default()
}

/// A value as a text.
pub(super) fn plain(property: &Property<'_>) -> String {
    value::text(property.value()).into_owned()
}

/// Who organises, in lower case: what is addressed, or its `EMAIL` where that is no mail address.
pub(super) fn organizer(property: &Property<'_>) -> String {
    let first = addresses(property).next().filter(|address| address.contains('@'));
    first.or_else(|| addresses(property).last()).unwrap_or_default()
}

/// The addresses of an attendee, in lower case: its value, and its `EMAIL` (RFC 7986 section 6.2).
pub(super) fn addresses(property: &Property<'_>) -> impl Iterator<Item = String> {
    [Some(property.value()), property.param("EMAIL")].into_iter().flatten().map(|address| {
        let address = address.trim().to_lowercase();
        address.strip_prefix("mailto:").map(|a| a.trim().to_owned()).unwrap_or(address)
    })
}
