-- Schema 2: calendars, as it was released.

create table calendars(
  id integer primary key autoincrement,
  key text not null unique, -- of the config; says nothing about the address
  person text not null,
  name text not null,
  kind text not null check(kind in ('file','web')),
  etag text,
  last_modified text,
  stamp text,
  hash text,
  looks integer not null default 0, -- one more with each lease and each recorded look
  checked_at integer, -- last recorded look, good or not
  good_at integer, -- last look that confirmed the copy
  full_at integer, -- last good answer to a question without validators
  expanded_at integer, -- null: expand the copy with the next look
  expanded_with text,
  next_look_at integer not null,
  lease_until integer,
  failures integer not null default 0, -- in a row
  failing_since integer,
  failure text,
  has_missing integer not null default 0 check(has_missing in (0, 1)),
  events integer,
  notices integer not null default 0,
  notice text, -- the first of them
  check((failing_since is null) = (failures = 0)),
  check((failure is null) = (failures = 0))) strict;
-- Every tick asks which files there are, and which subscriptions are due.
create index calendars_due on calendars(kind, next_look_at);
create index calendars_checked on calendars(kind, checked_at); -- after the clock was turned back

-- The last good copies, compressed (gzip). A table of their own keeps the rows above short.
create table calendar_bodies(
  calendar_id integer primary key references calendars,
  body blob not null) strict;

-- Which calendar has which meeting. That of an owner stays when it calls the meeting off, for its sequence; all others
-- are of copies that ring.
create table calendar_meetings(
  calendar_id integer not null references calendars,
  meeting_id integer not null references meetings,
  sequence integer not null,
  missing_since integer, -- its whole event is gone since then
  primary key(calendar_id, meeting_id)) strict, without rowid;
create index calendar_meetings_by_meeting on calendar_meetings(meeting_id);
create index calendar_meetings_missing on calendar_meetings(calendar_id) where missing_since is not null;

-- The calendars of the config as they were last held against the table: one row.
create table calendar_list(
  id integer primary key check(id = 1),
  fingerprint text not null) strict;

alter table meetings add column calendar_id integer references calendars; -- the owner; null: by hand
alter table meetings add column cancelled_by text check(cancelled_by in ('calendar','person'));
alter table meetings add column dial_in text;
create index meetings_of_person on meetings(person, starts_at);
create index meetings_of_calendar on meetings(calendar_id, starts_at) where calendar_id is not null;
update meetings set cancelled_by = 'person' where state = 'CANCELLED';
