-- Schema 7: every owed call rings.

-- What people and operators did, so that it can be taken back once: a row for each meeting that it changed.
create table acts(
  id integer primary key,
  first_id integer, -- the first row of the same act; null: this one
  person text not null,
  at integer not null,
  what text not null,
  how text not null, -- by which way it came
  meeting_id integer not null references meetings,
  incident_id integer references incidents, -- that it ended; null: none was open
  starts_at integer not null, -- of the meeting, before it was moved
  ends_at integer,
  moved_to integer, -- null: it was not moved
  undone_at integer) strict;
create index acts_of_person on acts(person, at);
create index acts_of_meeting on acts(meeting_id);
create index acts_of_incident on acts(incident_id);
create index acts_of_first on acts(coalesce(first_id, id));

-- The file in which the owner of an attempt says whether its request has begun: device:inode:pid namespace:ending.
alter table attempts add column armed text;
