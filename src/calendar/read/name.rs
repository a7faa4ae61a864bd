//! The properties of calendars, by their names.

/// The properties that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::calendar) enum Name {
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
    ZoneAbbreviation,
    ZoneLocation,
    Method,
    Categories,
}

const NAMES: [(&str, Name); 38] = [
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
    ("X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", Name::AllDay),
    ("X-FUNAMBOL-ALLDAY", Name::AllDay),
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
    ("TZNAME", Name::ZoneAbbreviation),
    ("X-LIC-LOCATION", Name::ZoneLocation),
    ("METHOD", Name::Method),
    ("CATEGORIES", Name::Categories),
];

impl Name {
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        NAMES.iter().find(|(text, _)| name.eq_ignore_ascii_case(text.as_bytes())).map(|(_, name)| *name)
    }

    /// Those that decide when an event takes place.
    pub(in crate::calendar) fn decides(self) -> bool {
        matches!(
            self,
            Self::Uid | Self::Start | Self::RecurrenceId | Self::Rule | Self::ExRule | Self::RDate | Self::ExDate
        )
    }

    /// Texts, in which a line without a name is a piece of the text before it.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Summary | Self::Description | Self::HtmlDescription | Self::Location)
    }

    /// Alarms have them too (RFC 5545 section 3.6.6, RFC 9074).
    pub(super) fn is_of_alarms(self) -> bool {
        matches!(self, Self::Uid | Self::Duration | Self::Attendee | Self::Summary | Self::Description)
    }
}
