-- Schema 1, as it was released.
-- Times are milliseconds UTC; numbers in E.164; flags 0 or 1.

create table meetings(
  id integer primary key,
  person text not null,
  uid text not null,
  recurrence text not null,
  title text not null,
  starts_at integer not null,
  ends_at integer,
  link text,
  source text not null,
  state text not null check(state in ('SCHEDULED','CANCELLED')),
  generation integer not null check(generation >= 1),
  watched integer not null check(watched in (0, 1)), -- 1: this generation has its incident
  created_at integer not null,
  updated_at integer not null,
  unique(person, uid, recurrence)) strict;
create index meetings_to_watch on meetings(starts_at) where state = 'SCHEDULED' and watched = 0;
create index meetings_by_start on meetings(starts_at);

create table incidents(
  id integer primary key autoincrement, -- an id that was shown is never used again
  meeting_id integer not null references meetings,
  person text not null,
  generation integer not null,
  starts_at integer not null,
  state text not null check(state in ('OPEN','ESCALATING','ACKNOWLEDGED','RESOLVED','CANCELLED','MISSED')),
  reason text,
  note text,
  opened_at integer not null,
  ended_at integer,
  check((state in ('RESOLVED','CANCELLED','MISSED')) = (ended_at is not null)),
  check((ended_at is null) = (reason is null)),
  unique(meeting_id, generation)) strict;
create index incidents_open on incidents(starts_at) where ended_at is null;
create unique index incidents_one_open on incidents(meeting_id) where ended_at is null;
create index incidents_ended on incidents(ended_at) where ended_at is not null;

create table steps(
  id integer primary key,
  incident_id integer not null references incidents,
  rung integer not null,
  kind text not null, -- no CHECK: a new kind of rung needs no migration
  before_ms integer not null,
  due_at integer not null,
  ready_at integer not null, -- due_at, or later: not before this time
  starts_at integer not null,
  state text not null check(state in ('PENDING','RUNNING','EXECUTED','FAILED','SKIPPED','CANCELLED')),
  reason text,
  detail text,
  tries integer not null default 0, -- retries spent
  updated_at integer not null,
  check((state in ('PENDING','RUNNING')) = (reason is null)),
  unique(incident_id, rung)) strict;
create index steps_due on steps(ready_at, starts_at) where state = 'PENDING';

create table attempts(
  id integer primary key autoincrement,
  token text not null unique,
  step_id integer references steps, -- null: call-test
  person text not null,
  provider text not null,
  account text not null,
  to_number text not null,
  from_number text not null,
  message text not null, -- cut
  state text not null check(state in ('SENDING','ACCEPTED','REJECTED','NOT_SENT','UNKNOWN','ABSENT','ABANDONED')),
  owner text not null,
  lease_until_boot_ms integer not null,
  intent_at integer not null,
  intent_boot_ms integer not null,
  request_deadline_at integer not null,
  deadline_boot_ms integer not null,
  finished_at integer,
  sid text unique,
  call_status text check(call_status in ('queued','ringing','in-progress','completed','busy','no-answer','failed','canceled','simulated')),
  duration_s integer,
  rang_s integer, -- of an unanswered call; 0: it never left the queue
  answered_by text,
  price text,
  price_unit text,
  error text,
  error_code integer,
  error_class text, -- whose fault a refusal is
  http_status integer,
  request_id text,
  hang_up text not null default 'NONE' check(hang_up in ('NONE','WANTED','DONE','MOOT')),
  hang_up_how text,
  next_look_at integer, -- null: nothing to look for
  check((state = 'ACCEPTED') = (sid is not null)),
  check((state = 'ACCEPTED') = (call_status is not null)),
  check((state = 'SENDING') = (finished_at is null)),
  check(hang_up <> 'WANTED' or hang_up_how is not null)) strict;
-- One open attempt per number: matching a call to its attempt by number is unambiguous, whatever the code does.
create unique index attempts_one_open on attempts(to_number) where state in ('SENDING','UNKNOWN');
create unique index attempts_one_open_of_step on attempts(step_id) where state in ('SENDING','UNKNOWN');
create index attempts_open on attempts(state) where state in ('SENDING','UNKNOWN');
create index attempts_of_number on attempts(to_number, intent_at);
create index attempts_by_intent on attempts(intent_at);
create index attempts_to_look_at on attempts(next_look_at) where next_look_at is not null;
create index attempts_of_step on attempts(step_id);

-- Which steps an attempt serves: more than one when meetings share a call.
create table attempt_steps(
  attempt_id integer not null references attempts,
  step_id integer not null references steps,
  incident_id integer not null references incidents,
  primary key(attempt_id, step_id)) strict, without rowid;
create index attempt_steps_by_step on attempt_steps(step_id);
create index attempt_steps_by_incident on attempt_steps(incident_id);

-- The call tracker: one row per counted call of a (person, meeting).
create table call_tracker(
  attempt_id integer not null references attempts,
  meeting_id integer not null references meetings,
  person text not null,
  at integer not null,
  primary key(attempt_id, meeting_id)) strict, without rowid;
create index call_tracker_of_meeting on call_tracker(person, meeting_id, at);
create index call_tracker_by_time on call_tracker(at);

create table ticks(
  id integer primary key,
  owner text not null,
  boottime_ms integer not null,
  started_at integer not null,
  ended_at integer,
  exit integer,
  skew_ms integer,
  placed integer,
  not_placed integer) strict;
create index ticks_with_skew on ticks(id) where skew_ms is not null;
create index ticks_ended on ticks(id) where ended_at is not null;

create table faults(
  key text primary key,
  since integer not null,
  told_at integer not null) strict, without rowid;
