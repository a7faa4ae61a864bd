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

-- Who the config names, and where each is called: an id that changes while the number stays is the same person.
create table people(
  id text primary key,
  phone text not null,
  gone_at integer) strict, without rowid; -- since when the config does not name them; null: it does
-- Of the config's list of people, as it was taken over last.
create table people_list(
  id integer primary key check(id = 1),
  fingerprint text not null) strict;

-- 1: the clock of this tick was turned (`--now`); 0: it was the machine's; null: an older savehub wrote the row.
alter table ticks add column turned integer check(turned in (0, 1));

-- The daily caps count rehearsed and real calls apart.
drop index attempts_of_day;
create index attempts_of_day on attempts(kind, intent_at, state, provider);
create index attempts_of_person on attempts(person, intent_at, state, provider) where kind = 'call';

-- When the provider took it, by the provider's clock; null: nobody knows, or an older savehub wrote the row.
alter table attempts add column taken_at integer;

-- The provider's code with which it refused the address of webhook_url, so that the call went out without it.
alter table attempts add column callback_refused integer;

-- The incident that a call was found for in the provider's list when it had ended.
alter table attempts add column found_for integer;

-- When it was cancelled since its person had left the config, and when it was opened again since they were back; of several
-- times the last.
alter table incidents add column away_at integer;
alter table incidents add column back_at integer;

-- The text that explained what an answer did, or asked which meeting it was for: at most one for each incident, for ever.
create table explained(
  incident_id integer primary key references incidents,
  attempt_id integer not null references attempts) strict;
create index explained_by_attempt on explained(attempt_id);

-- A contact's answer is noted.
create table heard_anew(
  sid text primary key, -- the provider's id of it
  how text not null check(how in ('message','call','key')),
  from_number text not null,
  at integer not null,
  heard_at integer not null,
  message text not null, -- cut
  effect text not null check(effect in ('joined','missed','acknowledged','not_understood','needs_code','nothing_open','noted'))) strict, without rowid;
insert into heard_anew select sid, how, from_number, at, heard_at, message, effect from heard;
drop table heard;
alter table heard_anew rename to heard;
create index heard_by_time on heard(at);

-- A meeting that is deleted is looked for by itself.
drop index call_tracker_of_meeting;
create index call_tracker_of_meeting on call_tracker(meeting_id, person, at);
