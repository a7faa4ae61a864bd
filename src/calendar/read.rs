//! Components (RFC 5545 section 3.6): which properties belong to which event and which zone.
//!
//! One pass over the lines, and no recursion: what is nested in an event (alarms, unknown components) is skipped by
//! counting its `BEGIN`s and `END`s. `VEVENT`, `VTIMEZONE` and `VCALENDAR` are believed wherever they stand, so that a
//! forgotten or misspelt `END` costs at most the component it belongs to. Only places are kept, no text; nothing is
//! unfolded that nobody asks for.

mod doubt;
mod name;

pub(super) use doubt::Doubt;
pub(super) use name::Name;

use super::line::{self, Line, Lines, Property};
use super::notices::Notices;
use doubt::Style;
use std::ops::Range;

/// A property of a component: which one, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) line: Line,
    /// How far it is to be doubted that it is a property.
    pub(super) doubt: Doubt,
}

/// A `VEVENT`.
#[derive(Debug, Clone)]
pub(super) struct RawEvent {
    /// Its fields among all of the file.
    fields: Range<usize>,
    /// Number of its `BEGIN` line.
    pub(super) line: usize,
    /// Which `VCALENDAR` of the file it stands in.
    pub(super) calendar: usize,
    /// False: the file breaks off in it.
    pub(super) whole: bool,
    /// It has more fields than are kept.
    pub(super) crowded: bool,
}

/// A `VTIMEZONE`.
#[derive(Debug, Clone)]
pub(super) struct RawZone {
    fields: Range<usize>,
    /// The fields of each `STANDARD` and `DAYLIGHT` in it.
    parts: Vec<Range<usize>>,
    /// Which `VCALENDAR` of the file it stands in.
    pub(super) calendar: usize,
}

/// A `VCALENDAR`: what it tells of itself, among the fields.
#[derive(Debug, Clone, Default)]
struct RawCalendar {
    /// `X-WR-TIMEZONE`.
    zone: Option<usize>,
    /// `METHOD`.
    method: Option<usize>,
}

impl RawEvent {
    /// Where its next field is counted, if it may have one more.
    fn room(&mut self) -> Option<&mut Range<usize>> {
        self.crowded |= self.fields.len() >= MOST_FIELDS;
        (!self.crowded).then_some(&mut self.fields)
    }
}

impl RawZone {
    /// All its fields: those of its parts follow its own.
    fn all(&self) -> Range<usize> {
        self.fields.start..self.parts.last().unwrap_or(&self.fields).end
    }
}

/// Fields of one event that are kept. Real ones have some hundreds: guests, and dates left out of a series.
pub(super) const MOST_FIELDS: usize = 10_000;

/// Observances of one `VTIMEZONE` that are read; real ones have fewer than 80.
const MOST_PARTS: usize = 128;

/// Bytes in which the name of a property or a component is looked for.
const LONGEST_NAME: usize = 200;

/// A file, read.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    /// Longest line, in bytes.
    most: usize,
    fields: Vec<Field>,
    pub(super) events: Vec<RawEvent>,
    pub(super) zones: Vec<RawZone>,
    calendars: Vec<RawCalendar>,
    /// It ends with `END:VCALENDAR`.
    pub(super) whole: bool,
}

impl<'a> File<'a> {
    /// Reads the components of `bytes`; of each line at most `most` bytes.
    pub(super) fn read(bytes: &'a [u8], most: usize, notices: &mut Notices) -> Self {
        let file = Self {
            bytes,
            most,
            fields: Vec::new(),
            events: Vec::new(),
            zones: Vec::new(),
            calendars: Vec::new(),
            whole: false,
        };
        let mut reader =
            Reader { file, open: Open::Nothing, depth: 0, in_alarm: false, nested: Vec::new(), in_text: None, notices };
        for line in Lines::new(bytes) {
            reader.line(line);
        }
        reader.file.whole = matches!(reader.open, Open::Nothing);
        reader.close(false);
        reader.file
    }

    /// The fields of an event, in the order of the file.
    pub(super) fn event(&self, event: &RawEvent) -> &[Field] {
        self.fields.get(event.fields.clone()).unwrap_or_default()
    }

    /// The property of this name among these fields: the least doubtful, and of those the first.
    pub(super) fn first(&self, fields: &[Field], name: Name) -> Option<Property<'a>> {
        let of_name = fields.iter().filter(|field| field.name == name);
        of_name.min_by_key(|field| field.doubt).map(|field| self.property(field))
    }

    /// How long an event is, in bytes.
    pub(super) fn length(&self, event: &RawEvent) -> usize {
        let span = |field: &Field| field.line.span.clone();
        let ends = self.event(event).first().map(span).zip(self.event(event).last().map(span));
        ends.map_or(0, |(first, last)| last.end.saturating_sub(first.start))
    }

    /// The `TZID` of a zone.
    pub(super) fn zone_name(&self, zone: &RawZone) -> Option<Property<'a>> {
        self.of_zone(zone, Name::TimeZoneId).next()
    }

    /// The `X-LIC-LOCATION` of a zone.
    pub(super) fn zone_location(&self, zone: &RawZone) -> Option<Property<'a>> {
        self.of_zone(zone, Name::ZoneLocation).next()
    }

    /// The `TZNAME`s of a zone.
    pub(super) fn abbreviations(&self, zone: &RawZone) -> impl Iterator<Item = Property<'a>> {
        self.of_zone(zone, Name::ZoneAbbreviation)
    }

    fn of_zone(&self, zone: &RawZone, name: Name) -> impl Iterator<Item = Property<'a>> {
        let fields = self.fields.get(zone.all()).unwrap_or_default();
        fields.iter().filter(move |field| field.name == name).map(|field| self.property(field))
    }

    /// The fields of each observance of a zone.
    pub(super) fn observances(&self, zone: &RawZone) -> impl Iterator<Item = &[Field]> {
        zone.parts.iter().map(|part| self.fields.get(part.clone()).unwrap_or_default())
    }

    /// A zone as it stands in the file.
    pub(super) fn zone_text(&self, zone: &RawZone) -> &'a [u8] {
        let fields = self.fields.get(zone.all()).unwrap_or_default();
        let (Some(first), Some(last)) = (fields.first(), fields.last()) else { return &[] };
        self.bytes.get(first.line.span.start..last.line.span.end).unwrap_or_default()
    }

    /// `X-WR-TIMEZONE` of a calendar, the zone of its floating times.
    pub(super) fn calendar_zone(&self, calendar: usize) -> Option<Property<'a>> {
        let at = self.calendars.get(calendar)?.zone?;
        self.fields.get(at).map(|field| self.property(field))
    }

    /// `METHOD` of a calendar, in capitals: what its sender wants of it (RFC 5546). `None` for one that is published.
    pub(super) fn method(&self, calendar: usize) -> Option<String> {
        let at = self.calendars.get(calendar)?.method?;
        let method = self.property(self.fields.get(at)?).value().trim().to_ascii_uppercase();
        Some(method).filter(|method| !matches!(method.as_str(), "" | "PUBLISH"))
    }

    /// A field, unfolded and taken apart.
    pub(super) fn property(&self, field: &Field) -> Property<'a> {
        let raw = self.bytes.get(field.line.span.clone()).unwrap_or_default();
        Property::new(line::unfold(raw, self.most))
    }

    /// Is the field longer than what is read of it?
    pub(super) fn is_cut(&self, field: &Field) -> bool {
        field.line.span.len() > self.most
    }
}

/// The component that is being read.
enum Open {
    Nothing,
    Calendar,
    Event,
    Zone,
}

struct Reader<'a, 'n> {
    file: File<'a>,
    open: Open,
    /// `BEGIN`s without an `END` inside the open event or zone.
    depth: usize,
    /// The first of them is that of an alarm.
    in_alarm: bool,
    /// The fields behind it, in case that its `END` does not come.
    nested: Vec<Field>,
    /// A text of the open event, behind which nothing came but its own lines: its place, and how it is written.
    in_text: Option<(usize, Style)>,
    notices: &'n mut Notices,
}

impl Reader<'_, '_> {
    fn line(&mut self, line: Line) {
        let raw = self.file.bytes.get(line.span.clone()).unwrap_or_default();
        let raw = if line.number == 1 { raw.trim_ascii_start() } else { raw };
        let unfolded;
        let (name, raw) = match line::name(raw) {
            None if line.folded => {
                unfolded = line::unfold(raw, LONGEST_NAME);
                (line::name(unfolded.as_bytes()), unfolded.as_bytes())
            }
            name => (name, raw),
        };
        let Some(name) = name else { return self.without_name(&line) };
        let style = Style::of(raw, name);
        let doubt = match self.in_text {
            None => Doubt::None,
            Some((_, text)) if style.is_worse_than(text) => Doubt::Written,
            Some(_) => Doubt::Behind,
        };
        let name = Name::of(name);
        let is_component = matches!(name, Some(Name::Begin | Name::End));
        if doubt == Doubt::Written && (style.blank || !is_component) {
            self.goes_on(&line);
            if let Some(name) = name.filter(|_| !is_component) {
                self.add(Field { name, line, doubt });
            }
            return;
        }
        match name {
            None => {}
            Some(Name::Begin) => self.begin(&line),
            Some(Name::End) => self.end(&line),
            Some(name) => return self.field(Field { name, line, doubt }, style),
        }
        self.in_text = None;
    }

    /// The text that is being read goes on in this line.
    fn goes_on(&mut self, line: &Line) {
        if let Some(text) = self.in_text.and_then(|(at, _)| self.file.fields.get_mut(at)) {
            text.line.span.end = line.span.end;
        }
    }

    fn begin(&mut self, line: &Line) {
        let component = self.component(line);
        match component.as_str() {
            "VCALENDAR" => {
                self.close(true);
                self.open = Open::Calendar;
                self.file.calendars.push(RawCalendar::default());
            }
            "VEVENT" => {
                self.close(true);
                self.open = Open::Event;
                let (fields, calendar) = (self.here(), self.calendar());
                self.file.events.push(RawEvent { fields, line: line.number, calendar, whole: true, crowded: false });
            }
            "VTIMEZONE" => {
                self.close(true);
                self.open = Open::Zone;
                let (fields, calendar) = (self.here(), self.calendar());
                self.file.zones.push(RawZone { fields, parts: Vec::new(), calendar });
            }
            "STANDARD" | "DAYLIGHT" if matches!(self.open, Open::Zone) => self.observance(line),
            other => {
                self.in_alarm |= self.depth == 0 && other == "VALARM";
                self.depth += 1;
            }
        }
    }

    fn end(&mut self, line: &Line) {
        match (self.component(line).as_str(), &self.open) {
            ("VCALENDAR", _) => {
                self.close(true);
                self.open = Open::Nothing;
            }
            ("VEVENT", Open::Event) | ("VTIMEZONE", Open::Zone) => self.close(true),
            ("STANDARD" | "DAYLIGHT", Open::Zone) => {}
            _ => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.nested.clear();
                    self.in_alarm = false;
                }
            }
        }
    }

    fn observance(&mut self, line: &Line) {
        let here = self.here();
        let Some(zone) = self.file.zones.last_mut() else { return };
        if zone.parts.len() < MOST_PARTS {
            zone.parts.push(here);
        } else {
            let text = format!("a VTIMEZONE has more than {MOST_PARTS} parts; the others are left out");
            self.notices.add(None, Some(line.number), text);
            self.depth += 1;
        }
    }

    /// Closes what is open below the calendar; `whole` is false at the end of the file.
    fn close(&mut self, whole: bool) {
        self.take_nested();
        if let (Open::Event, Some(event)) = (&self.open, self.file.events.last_mut()) {
            event.whole = whole;
        }
        if !matches!(self.open, Open::Nothing) {
            self.open = Open::Calendar;
        }
        self.depth = 0;
        self.in_alarm = false;
    }

    /// Gives an event what stands in it behind an alarm that is not closed, and is no alarm's.
    fn take_nested(&mut self) {
        if self.nested.is_empty() {
            return;
        }
        let nested = std::mem::take(&mut self.nested);
        let (Open::Event, Some(event)) = (&self.open, self.file.events.last()) else { return };
        let own: Vec<Name> =
            self.file.fields.get(event.fields.clone()).unwrap_or_default().iter().map(|f| f.name).collect();
        let mut missed = nested.into_iter().filter(|field| !(field.name.is_of_alarms() || own.contains(&field.name)));
        let Some(first) = missed.next() else { return };
        let text =
            "an alarm is not closed (END:VALARM); what is behind it and no alarm's counts as the event's".to_owned();
        self.notices.add(None, Some(first.line.number), text);
        for field in std::iter::once(first).chain(missed).collect::<Vec<_>>() {
            self.add(field);
        }
    }

    fn field(&mut self, field: Field, style: Style) {
        let at = self.file.fields.len();
        let name = field.name;
        let into = match self.open {
            Open::Event if self.depth > 0 => {
                if self.in_alarm && self.nested.len() < MOST_FIELDS {
                    self.nested.push(field);
                }
                return;
            }
            _ if self.depth > 0 => return,
            Open::Nothing => return,
            Open::Calendar => {
                let calendar = self.file.calendars.last_mut();
                let place = calendar.and_then(|calendar| match name {
                    Name::CalendarZone => Some(&mut calendar.zone),
                    Name::Method => Some(&mut calendar.method),
                    _ => None,
                });
                if let Some(place) = place {
                    self.file.fields.push(field);
                    *place = Some(at);
                }
                return;
            }
            Open::Event => self.file.events.last_mut().and_then(RawEvent::room),
            Open::Zone => self.file.zones.last_mut().map(|zone| zone.parts.last_mut().unwrap_or(&mut zone.fields)),
        };
        if let Some(fields) = into {
            self.file.fields.push(field);
            fields.end = self.file.fields.len();
            self.in_text = (name.is_text() && matches!(self.open, Open::Event)).then_some((at, style));
        }
    }

    /// Adds to the open event what was no field of it at first sight, if it may have one more.
    fn add(&mut self, field: Field) {
        if let Some(fields) = self.file.events.last_mut().and_then(RawEvent::room) {
            self.file.fields.push(field);
            fields.end = self.file.fields.len();
        }
    }

    /// A line without a name right behind a text is a piece of it; others are no use.
    fn without_name(&mut self, line: &Line) {
        let blank = self.file.bytes.get(line.span.clone()).unwrap_or_default().trim_ascii().is_empty();
        if blank || self.depth > 0 || !matches!(self.open, Open::Event) {
            return;
        }
        if self.in_text.is_some() {
            self.goes_on(line);
        } else {
            let text = "a line is no property (it has no name); it is left out".to_owned();
            self.notices.add(None, Some(line.number), text);
        }
    }

    /// The name behind `BEGIN:` or `END:`, in capitals.
    fn component(&self, line: &Line) -> String {
        let raw = self.file.bytes.get(line.span.clone()).unwrap_or_default();
        Property::new(line::unfold(raw, LONGEST_NAME)).value().trim().to_ascii_uppercase()
    }

    fn here(&self) -> Range<usize> {
        self.file.fields.len()..self.file.fields.len()
    }

    fn calendar(&self) -> usize {
        self.file.calendars.len().saturating_sub(1)
    }
}
