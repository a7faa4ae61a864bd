//! From the times of a file to instants.

use super::notices::Notices;
use super::read::File;
use super::rule::Budget;
use super::value::Time;
use super::zones::{TimeZone, ZoneName, Zones};
use crate::model::Timestamp;
use std::rc::Rc;

/// What turns the times of a file into instants, and what that may still cost.
pub(super) struct Clocks<'f> {
    pub(super) file: &'f File<'f>,
    pub(super) zones: Zones<'f>,
    pub(super) notices: Notices,
    pub(super) budget: Budget,
}

impl Clocks<'_> {
    /// Where a time of a calendar hangs on the wall. Days are the person's own.
    pub(super) fn place(&mut self, time: Time<ZoneName>, calendar: usize) -> Rc<TimeZone> {
        match time {
            Time::Utc(_) => Rc::new(TimeZone::Utc),
            Time::Zoned(_, name) => self.zones.place(name, &mut self.notices),
            Time::Floating(_) => self.zones.floating(calendar, &mut self.notices),
            Time::Date(_) => self.zones.own(),
        }
    }

    /// The instant of a time of a series that takes place `here`: what names no zone is meant on its wall.
    pub(super) fn instant(&mut self, time: Time<ZoneName>, here: &TimeZone) -> Option<Timestamp> {
        match time {
            Time::Utc(at) => TimeZone::Utc.instant(at),
            Time::Zoned(at, name) => self.zones.place(name, &mut self.notices).instant(at),
            Time::Floating(_) | Time::Date(_) => here.instant(time.wall()),
        }
    }
}
