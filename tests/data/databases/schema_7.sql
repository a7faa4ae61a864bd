pragma foreign_keys = off;
pragma application_id = 1396790856;
pragma user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE acts(
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
CREATE TABLE attempt_steps(
  attempt_id integer not null references attempts,
  step_id integer not null references steps,
  incident_id integer not null references incidents,
  primary key(attempt_id, step_id)) strict, without rowid;
INSERT INTO "attempt_steps" VALUES(1,10,1);
INSERT INTO "attempt_steps" VALUES(2,20,2);
INSERT INTO "attempt_steps" VALUES(3,30,3);
INSERT INTO "attempt_steps" VALUES(4,40,4);
INSERT INTO "attempt_steps" VALUES(5,50,5);
INSERT INTO "attempt_steps" VALUES(6,60,6);
INSERT INTO "attempt_steps" VALUES(7,70,7);
CREATE TABLE "attempts"(
  id integer primary key autoincrement,
  token text not null unique,
  key text not null, -- the token of the step's first attempt
  step_id integer references steps, -- null: call-test
  person text not null,
  provider text not null,
  account text not null,
  kind text not null, -- of the rung; no CHECK: a new kind needs no migration
  to_number text not null, -- a phone, a mailbox, or a name of the config
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
  call_status text check(call_status in ('queued','ringing','in-progress','completed','busy','no-answer','failed','canceled','sending','sent','delivered','undelivered','done','simulated')),
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
  next_look_at integer, guards text, armed text, taken_at integer, callback_refused integer, found_for integer, -- null: nothing to look for
  check((state = 'ACCEPTED') = (sid is not null)),
  check((state = 'ACCEPTED') = (call_status is not null)),
  check((state = 'SENDING') = (finished_at is null)),
  check(hang_up <> 'WANTED' or hang_up_how is not null)) strict;
INSERT INTO "attempts" VALUES(1,'token1','token1',10,'p1','mock','mock','call','+12025550101','+12025550199','Hello','SENDING','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(2,'token2','token2',20,'p2','mock','mock','call','+12025550102','+12025550199','Hello','ACCEPTED','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,'MOCK-token2','completed',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(3,'token3','token3',30,'p3','mock','mock','call','+12025550103','+12025550199','Hello','REJECTED','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(4,'token4','token4',40,'p4','mock','mock','call','+12025550104','+12025550199','Hello','NOT_SENT','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(5,'token5','token5',50,'p5','mock','mock','call','+12025550105','+12025550199','Hello','UNKNOWN','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(6,'token6','token6',60,'p6','mock','mock','call','+12025550106','+12025550199','Hello','ABSENT','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(7,'token7','token7',70,'p7','mock','mock','call','+12025550107','+12025550199','Hello','ABANDONED','00000000-0000-0000-0000-000000000000:17:99',120000,1795427820000,0,1795427840000,20000,1795427821000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE calendar_bodies(
  calendar_id integer primary key references calendars,
  body blob not null) strict;
CREATE TABLE calendar_list(
  id integer primary key check(id = 1),
  fingerprint text not null) strict;
CREATE TABLE calendar_meetings(
  calendar_id integer not null references calendars,
  meeting_id integer not null references meetings,
  sequence integer not null,
  missing_since integer, -- its whole event is gone since then
  primary key(calendar_id, meeting_id)) strict, without rowid;
CREATE TABLE calendars(
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
CREATE TABLE call_tracker(
  attempt_id integer not null references attempts,
  meeting_id integer not null references meetings,
  person text not null,
  at integer not null,
  primary key(attempt_id, meeting_id)) strict, without rowid;
INSERT INTO "call_tracker" VALUES(1,1,'p1',1795427820000);
INSERT INTO "call_tracker" VALUES(2,2,'p2',1795427820000);
INSERT INTO "call_tracker" VALUES(5,5,'p5',1795427820000);
INSERT INTO "call_tracker" VALUES(6,6,'p6',1795427820000);
INSERT INTO "call_tracker" VALUES(7,7,'p7',1795427820000);
CREATE TABLE counters(
  name text not null check(name in ('attempts','steps_ended')),
  what text not null, -- kind of the attempt; state of the step
  how text not null, -- state of the attempt; reason of the step
  n integer not null,
  primary key(name, what, how)) strict, without rowid;
INSERT INTO "counters" VALUES('attempts','call','ABANDONED',1);
INSERT INTO "counters" VALUES('attempts','call','ABSENT',1);
INSERT INTO "counters" VALUES('attempts','call','ACCEPTED',1);
INSERT INTO "counters" VALUES('attempts','call','NOT_SENT',1);
INSERT INTO "counters" VALUES('attempts','call','REJECTED',1);
INSERT INTO "counters" VALUES('attempts','call','SENDING',1);
INSERT INTO "counters" VALUES('attempts','call','UNKNOWN',1);
INSERT INTO "counters" VALUES('steps_ended','EXECUTED','initiated',1);
INSERT INTO "counters" VALUES('steps_ended','FAILED','rejected',1);
INSERT INTO "counters" VALUES('steps_ended','FAILED','unknown',1);
CREATE TABLE explained(
  incident_id integer primary key references incidents,
  attempt_id integer not null references attempts) strict;
CREATE TABLE faults(
  key text primary key,
  since integer not null,
  told_at integer not null) strict, without rowid;
INSERT INTO "faults" VALUES('clock',1795427820000,1795427820000);
CREATE TABLE "heard"(
  sid text primary key, -- the provider's id of it
  how text not null check(how in ('message','call','key')),
  from_number text not null,
  at integer not null,
  heard_at integer not null,
  message text not null, -- cut
  effect text not null check(effect in ('joined','missed','acknowledged','not_understood','needs_code','nothing_open','noted'))) strict, without rowid;
CREATE TABLE heard_incidents(
  sid text not null references heard,
  incident_id integer not null references incidents,
  primary key(sid, incident_id)) strict, without rowid;
CREATE TABLE incidents(
  id integer primary key autoincrement, -- an id that was shown is never used again
  meeting_id integer not null references meetings,
  person text not null,
  generation integer not null,
  starts_at integer not null,
  state text not null check(state in ('OPEN','ESCALATING','ACKNOWLEDGED','RESOLVED','CANCELLED','MISSED')),
  reason text,
  note text,
  opened_at integer not null,
  ended_at integer, acknowledged_at integer, acknowledged_how text, acknowledged_by text, away_at integer, back_at integer,
  check((state in ('RESOLVED','CANCELLED','MISSED')) = (ended_at is not null)),
  check((ended_at is null) = (reason is null)),
  unique(meeting_id, generation)) strict;
INSERT INTO "incidents" VALUES(1,1,'p1',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(2,2,'p2',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(3,3,'p3',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(4,4,'p4',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(5,5,'p5',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(6,6,'p6',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incidents" VALUES(7,7,'p7',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meetings(
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
  updated_at integer not null, calendar_id integer references calendars, cancelled_by text check(cancelled_by in ('calendar','person')), dial_in text,
  unique(person, uid, recurrence)) strict;
INSERT INTO "meetings" VALUES(1,'p1','1@example.org','','Meeting 1',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(2,'p2','2@example.org','','Meeting 2',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(3,'p3','3@example.org','','Meeting 3',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(4,'p4','4@example.org','','Meeting 4',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(5,'p5','5@example.org','','Meeting 5',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(6,'p6','6@example.org','','Meeting 6',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
INSERT INTO "meetings" VALUES(7,'p7','7@example.org','','Meeting 7',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795424400000,1795424400000,NULL,NULL,NULL);
CREATE TABLE pace(
  provider text not null,
  account text not null,
  from_number text not null, -- empty: of the whole account
  free_at integer not null,
  primary key(provider, account, from_number)) strict, without rowid;
CREATE TABLE pauses(
  id integer primary key autoincrement,
  person text check(person <> ''), -- null: everybody
  since integer not null,
  until integer, -- null: until resume
  reason text,
  ended_at integer, -- resumed, replaced, or seen to be over; null: it lasts, or nobody has looked since it was over
  check(until > since)) strict;
CREATE TABLE people(
  id text primary key,
  phone text not null,
  gone_at integer) strict, without rowid;
CREATE TABLE people_list(
  id integer primary key check(id = 1),
  fingerprint text not null) strict;
CREATE TABLE steps(
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
  updated_at integer not null, to_whom text not null default '', channel text, condition text not null default 'unanswered', deadline_at integer not null default 0,
  check((state in ('PENDING','RUNNING')) = (reason is null)),
  unique(incident_id, rung)) strict;
INSERT INTO "steps" VALUES(10,1,0,'call',180000,1795427820000,1795427820000,1795428000000,'RUNNING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(11,1,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(20,2,0,'call',180000,1795427820000,1795427820000,1795428000000,'EXECUTED','initiated',NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(21,2,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(30,3,0,'call',180000,1795427820000,1795427820000,1795428000000,'FAILED','rejected',NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(31,3,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(40,4,0,'call',180000,1795427820000,1795427820000,1795428000000,'PENDING',NULL,NULL,1,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(41,4,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(50,5,0,'call',180000,1795427820000,1795427820000,1795428000000,'RUNNING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(51,5,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(60,6,0,'call',180000,1795427820000,1795427820000,1795428000000,'PENDING',NULL,NULL,1,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(61,6,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(70,7,0,'call',180000,1795427820000,1795427820000,1795428000000,'FAILED','unknown',NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
INSERT INTO "steps" VALUES(71,7,1,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427820000,'',NULL,'unanswered',1795428000000);
CREATE TABLE ticks(
  id integer primary key,
  owner text not null,
  boottime_ms integer not null,
  started_at integer not null,
  ended_at integer,
  exit integer,
  skew_ms integer,
  placed integer,
  not_placed integer, host text, turned integer check(turned in (0, 1))) strict;
INSERT INTO "ticks" VALUES(1,'00000000-0000-0000-0000-000000000000:17:99',1000,1795427820000,1795427821000,1,NULL,1,1,NULL,NULL);
CREATE INDEX meetings_to_watch on meetings(starts_at) where state = 'SCHEDULED' and watched = 0;
CREATE INDEX meetings_by_start on meetings(starts_at);
CREATE INDEX incidents_open on incidents(starts_at) where ended_at is null;
CREATE UNIQUE INDEX incidents_one_open on incidents(meeting_id) where ended_at is null;
CREATE INDEX incidents_ended on incidents(ended_at) where ended_at is not null;
CREATE INDEX attempt_steps_by_step on attempt_steps(step_id);
CREATE INDEX attempt_steps_by_incident on attempt_steps(incident_id);
CREATE INDEX call_tracker_by_time on call_tracker(at);
CREATE INDEX ticks_with_skew on ticks(id) where skew_ms is not null;
CREATE INDEX ticks_ended on ticks(id) where ended_at is not null;
CREATE INDEX calendars_due on calendars(kind, next_look_at);
CREATE INDEX calendars_checked on calendars(kind, checked_at);
CREATE INDEX calendar_meetings_by_meeting on calendar_meetings(meeting_id);
CREATE INDEX calendar_meetings_missing on calendar_meetings(calendar_id) where missing_since is not null;
CREATE INDEX meetings_of_person on meetings(person, starts_at);
CREATE INDEX meetings_of_calendar on meetings(calendar_id, starts_at) where calendar_id is not null;
CREATE UNIQUE INDEX attempts_one_open on attempts(kind, to_number)
  where state in ('SENDING','UNKNOWN') and kind in ('call','sms');
CREATE UNIQUE INDEX attempts_one_open_of_step on attempts(step_id) where state in ('SENDING','UNKNOWN');
CREATE INDEX attempts_open on attempts(state) where state in ('SENDING','UNKNOWN');
CREATE INDEX attempts_of_target on attempts(kind, to_number, intent_at);
CREATE INDEX attempts_by_intent on attempts(intent_at);
CREATE INDEX attempts_to_look_at on attempts(next_look_at) where next_look_at is not null;
CREATE INDEX attempts_of_step on attempts(step_id);
CREATE INDEX steps_due on steps(ready_at, deadline_at) where state = 'PENDING';
CREATE INDEX steps_late on steps(incident_id, deadline_at) where state in ('PENDING','RUNNING') and deadline_at > starts_at;
CREATE INDEX heard_incidents_by_incident on heard_incidents(incident_id);
CREATE UNIQUE INDEX pauses_one on pauses(coalesce(person, '')) where ended_at is null;
CREATE INDEX pauses_ended on pauses(ended_at) where ended_at is not null;
CREATE TRIGGER attempts_written after insert on attempts begin
  insert into counters(name, what, how, n) values ('attempts', new.kind, new.state, 1)
    on conflict do update set n = n + 1;
end;
CREATE TRIGGER attempts_moved after update of state on attempts when new.state <> old.state begin
  insert into counters(name, what, how, n) values ('attempts', new.kind, new.state, 1)
    on conflict do update set n = n + 1;
end;
CREATE TRIGGER steps_over after update of state on steps
  when new.state <> old.state and new.state not in ('PENDING','RUNNING') begin
  insert into counters(name, what, how, n) values ('steps_ended', new.state, coalesce(new.reason, ''), 1)
    on conflict do update set n = n + 1;
end;
CREATE INDEX acts_of_person on acts(person, at);
CREATE INDEX acts_of_meeting on acts(meeting_id);
CREATE INDEX acts_of_incident on acts(incident_id);
CREATE INDEX acts_of_first on acts(coalesce(first_id, id));
CREATE INDEX attempts_of_day on attempts(kind, intent_at, state, provider);
CREATE INDEX attempts_of_person on attempts(person, intent_at, state, provider) where kind = 'call';
CREATE INDEX explained_by_attempt on explained(attempt_id);
CREATE INDEX heard_by_time on heard(at);
CREATE INDEX call_tracker_of_meeting on call_tracker(meeting_id, person, at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('incidents',7);
INSERT INTO "sqlite_sequence" VALUES('attempts',7);
COMMIT;
