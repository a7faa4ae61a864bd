//! Components (RFC 5545 section 3.6): which properties belong to which event and which zone.
//!
//! One pass over the lines, and no recursion: what is nested in an event (alarms, unknown components) is skipped by
//! counting its `BEGIN`s and `END`s. `VEVENT`, `VTIMEZONE` and `VCALENDAR` are believed wherever they stand, so that a
//! forgotten or misspelt `END` costs at most the component it belongs to. Only places are kept, no text; nothing is
//! unfolded that nobody asks for.

use super::line::{self, Line, Lines, Property};
use super::notices::Notices;
use std::ops::Range;

/// The properties that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Begin,
    End,
    Uid,
    Sequence,
    Stamp,
    Start,
    EndTime,
    Duration,
    RecurrenceId,
    Rule,
    ExRule,
    RDate,
    ExDate,
    Status,
    Transparency,
    BusyStatus,
    AllDay,
    Attendee,
    Organizer,
    Summary,
    Description,
    HtmlDescription,
    Location,
    Url,
    Conference,
    GoogleConference,
    TeamsMeeting,
    OnlineMeeting,
    TimeZoneId,
    OffsetFrom,
    OffsetTo,
    CalendarZone,
}

const NAMES: [(&str, Name); 32] = [
    ("BEGIN", Name::Begin),
    ("END", Name::End),
    ("UID", Name::Uid),
    ("SEQUENCE", Name::Sequence),
    ("DTSTAMP", Name::Stamp),
    ("DTSTART", Name::Start),
    ("DTEND", Name::EndTime),
    ("DURATION", Name::Duration),
    ("RECURRENCE-ID", Name::RecurrenceId),
    ("RRULE", Name::Rule),
    ("EXRULE", Name::ExRule),
    ("RDATE", Name::RDate),
    ("EXDATE", Name::ExDate),
    ("STATUS", Name::Status),
    ("TRANSP", Name::Transparency),
    ("X-MICROSOFT-CDO-BUSYSTATUS", Name::BusyStatus),
    ("X-MICROSOFT-CDO-ALLDAYEVENT", Name::AllDay),
    ("ATTENDEE", Name::Attendee),
    ("ORGANIZER", Name::Organizer),
    ("SUMMARY", Name::Summary),
    ("DESCRIPTION", Name::Description),
    ("X-ALT-DESC", Name::HtmlDescription),
    ("LOCATION", Name::Location),
    ("URL", Name::Url),
    ("CONFERENCE", Name::Conference),
    ("X-GOOGLE-CONFERENCE", Name::GoogleConference),
    ("X-MICROSOFT-SKYPETEAMSMEETINGURL", Name::TeamsMeeting),
    ("X-MICROSOFT-ONLINEMEETINGEXTERNALLINK", Name::OnlineMeeting),
    ("TZID", Name::TimeZoneId),
    ("TZOFFSETFROM", Name::OffsetFrom),
    ("TZOFFSETTO", Name::OffsetTo),
    ("X-WR-TIMEZONE", Name::CalendarZone),
];

impl Name {
    fn of(name: &[u8]) -> Option<Self> {
        NAMES.iter().find(|(text, _)| name.eq_ignore_ascii_case(text.as_bytes())).map(|(_, name)| *name)
    }

    /// Those that decide when an event takes place.
    pub(super) fn decides(self) -> bool {
        matches!(
            self,
            Self::Uid | Self::Start | Self::RecurrenceId | Self::Rule | Self::ExRule | Self::RDate | Self::ExDate
        )
    }

    /// Texts, in which a line without a name is a piece of the text before it.
    fn is_text(self) -> bool {
        matches!(self, Self::Summary | Self::Description | Self::HtmlDescription | Self::Location)
    }
}

/// A property of a component: which one, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) line: Line,
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
    /// `X-WR-TIMEZONE` of each `VCALENDAR`, among the fields.
    calendar_zones: Vec<Option<usize>>,
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
            calendar_zones: Vec::new(),
            whole: false,
        };
        let mut reader = Reader { file, open: Open::Nothing, depth: 0, in_text: false, notices };
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

    /// How long an event is, in bytes.
    pub(super) fn length(&self, event: &RawEvent) -> usize {
        let span = |field: &Field| field.line.span.clone();
        let ends = self.event(event).first().map(span).zip(self.event(event).last().map(span));
        ends.map_or(0, |(first, last)| last.end.saturating_sub(first.start))
    }

    /// The `TZID` of a zone.
    pub(super) fn zone_name(&self, zone: &RawZone) -> Option<Property<'a>> {
        let fields = self.fields.get(zone.all()).unwrap_or_default();
        fields.iter().find(|field| field.name == Name::TimeZoneId).map(|field| self.property(field))
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
        let at = (*self.calendar_zones.get(calendar)?)?;
        self.fields.get(at).map(|field| self.property(field))
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
    /// Nothing but blank lines came behind a text of the open event.
    in_text: bool,
    notices: &'n mut Notices,
}

impl Reader<'_, '_> {
    fn line(&mut self, line: Line) {
        let raw = self.file.bytes.get(line.span.clone()).unwrap_or_default();
        let raw = if line.number == 1 { raw.trim_ascii_start() } else { raw };
        let name = match line::name(raw) {
            None if line.folded => line::name(line::unfold(raw, LONGEST_NAME).as_bytes()).map(Name::of),
            name => name.map(Name::of),
        };
        let Some(name) = name else { return self.without_name(&line) };
        self.in_text = false;
        match name {
            None => {}
            Some(Name::Begin) => self.begin(&line),
            Some(Name::End) => self.end(&line),
            Some(name) => self.field(name, line),
        }
    }

    fn begin(&mut self, line: &Line) {
        let component = self.component(line);
        match component.as_str() {
            "VCALENDAR" => {
                self.close(true);
                self.open = Open::Calendar;
                self.file.calendar_zones.push(None);
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
            _ => self.depth += 1,
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
            _ => self.depth = self.depth.saturating_sub(1),
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
        if let (Open::Event, Some(event)) = (&self.open, self.file.events.last_mut()) {
            event.whole = whole;
        }
        if !matches!(self.open, Open::Nothing) {
            self.open = Open::Calendar;
        }
        self.depth = 0;
    }

    fn field(&mut self, name: Name, line: Line) {
        let at = self.file.fields.len();
        let into = match self.open {
            _ if self.depth > 0 => return,
            Open::Nothing => return,
            Open::Calendar => {
                if let (Name::CalendarZone, Some(zone)) = (name, self.file.calendar_zones.last_mut()) {
                    self.file.fields.push(Field { name, line });
                    *zone = Some(at);
                }
                return;
            }
            Open::Event => self.file.events.last_mut().and_then(RawEvent::room),
            Open::Zone => self.file.zones.last_mut().map(|zone| zone.parts.last_mut().unwrap_or(&mut zone.fields)),
        };
        if let Some(fields) = into {
            self.file.fields.push(Field { name, line });
            fields.end = self.file.fields.len();
            self.in_text = name.is_text();
        }
    }

    /// A line without a name right behind a text is a piece of it; others are no use.
    fn without_name(&mut self, line: &Line) {
        let blank = self.file.bytes.get(line.span.clone()).unwrap_or_default().trim_ascii().is_empty();
        if blank || self.depth > 0 || !matches!(self.open, Open::Event) {
            return;
        }
        match self.file.fields.last_mut() {
            Some(text) if self.in_text => text.line.span.end = line.span.end,
            _ => {
                let text = "a line is no property (it has no name); it is left out".to_owned();
                self.notices.add(None, Some(line.number), text);
            }
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
        self.file.calendar_zones.len().saturating_sub(1)
    }
}
