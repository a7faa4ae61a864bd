pragma application_id = 1396790856;
pragma user_version = 6;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO meetings VALUES(1,'bo','5acf964c62d76510@savehub','','Review',1795428000000,NULL,NULL,'manual','SCHEDULED',1,1,1795426200636,1795426200636,NULL,NULL,NULL);
INSERT INTO meetings VALUES(2,'bo','fdc4ef81da9bbc03@savehub','','Interview',1795428180000,NULL,NULL,'manual','SCHEDULED',1,1,1795426200654,1795426200654,NULL,NULL,NULL);
INSERT INTO meetings VALUES(3,'cy','80836ad5fbad1ab3@savehub','','Call with Oslo',1795428030000,NULL,NULL,'manual','SCHEDULED',1,1,1795426200668,1795426200668,NULL,NULL,NULL);
INSERT INTO meetings VALUES(4,'di','0b3419e58056b0c7@savehub','','Design',1795428600000,NULL,NULL,'manual','SCHEDULED',1,1,1795426200682,1795426200682,NULL,NULL,NULL);
INSERT INTO meetings VALUES(5,'cy','9755297f7cfc9d09@savehub','','Dentist',1795435200000,NULL,NULL,'manual','CANCELLED',1,0,1795426200695,1795427840803,NULL,'person',NULL);
INSERT INTO meetings VALUES(6,'di','581c1a253512675e@savehub','','Moved',1795429200000,NULL,NULL,'manual','SCHEDULED',2,0,1795426200707,1795427840788,NULL,NULL,NULL);
INSERT INTO meetings VALUES(7,'ana','daily@example.org','20261123T100000Z','Stand-up',1795428000000,1795428900000,NULL,'ana.ics','SCHEDULED',1,1,1795427400000,1795427400000,1,NULL,NULL);
INSERT INTO meetings VALUES(8,'ana','board@example.org','','Board sync',1795429800000,1795433400000,NULL,'ana.ics','SCHEDULED',1,0,1795427400000,1795427400000,1,NULL,NULL);
INSERT INTO meetings VALUES(9,'ana','daily@example.org','20261124T100000Z','Stand-up',1795514400000,1795515300000,NULL,'ana.ics','SCHEDULED',1,0,1795427400000,1795427400000,1,NULL,NULL);
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
  ended_at integer, acknowledged_at integer, acknowledged_how text, acknowledged_by text,
  check((state in ('RESOLVED','CANCELLED','MISSED')) = (ended_at is not null)),
  check((ended_at is null) = (reason is null)),
  unique(meeting_id, generation)) strict;
INSERT INTO incidents VALUES(1,1,'bo',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL);
INSERT INTO incidents VALUES(2,3,'cy',1,1795428030000,'RESOLVED','joined',NULL,1795427400000,1795427840814,NULL,NULL,NULL);
INSERT INTO incidents VALUES(3,2,'bo',1,1795428180000,'OPEN',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL);
INSERT INTO incidents VALUES(4,7,'ana',1,1795428000000,'ESCALATING',NULL,NULL,1795427400000,NULL,NULL,NULL,NULL);
INSERT INTO incidents VALUES(5,4,'di',1,1795428600000,'OPEN',NULL,NULL,1795427730000,NULL,NULL,NULL,NULL);
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
INSERT INTO steps VALUES(1,1,0,'sms',300000,1795427700000,1795427700000,1795428000000,'EXECUTED','initiated','',0,1795427730000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(2,1,1,'call',180000,1795427820000,1795427820000,1795428000000,'EXECUTED','initiated','',0,1795427830000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(3,1,2,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(4,1,3,'command',60000,1795427940000,1795427940000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'','lamp','unanswered',1795428000000);
INSERT INTO steps VALUES(5,1,4,'sms',-300000,1795428300000,1795428300000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'Bea',NULL,'missed',1795428900000);
INSERT INTO steps VALUES(6,2,0,'sms',300000,1795427730000,1795427730000,1795428030000,'EXECUTED','initiated','',0,1795427730000,'',NULL,'unanswered',1795428030000);
INSERT INTO steps VALUES(7,2,1,'call',180000,1795427850000,1795427850000,1795428030000,'CANCELLED','joined',NULL,0,1795427840814,'',NULL,'unanswered',1795428030000);
INSERT INTO steps VALUES(8,2,2,'call',90000,1795427940000,1795427940000,1795428030000,'CANCELLED','joined',NULL,0,1795427840814,'',NULL,'unanswered',1795428030000);
INSERT INTO steps VALUES(9,2,3,'command',60000,1795427970000,1795427970000,1795428030000,'CANCELLED','joined',NULL,0,1795427840814,'','lamp','unanswered',1795428030000);
INSERT INTO steps VALUES(10,2,4,'sms',-300000,1795428330000,1795428330000,1795428030000,'CANCELLED','joined',NULL,0,1795427840814,'Bea',NULL,'missed',1795428930000);
INSERT INTO steps VALUES(11,3,0,'sms',300000,1795427880000,1795427880000,1795428180000,'PENDING',NULL,NULL,0,1795427400000,'',NULL,'unanswered',1795428180000);
INSERT INTO steps VALUES(12,3,1,'call',180000,1795428000000,1795428000000,1795428180000,'PENDING',NULL,NULL,0,1795427400000,'',NULL,'unanswered',1795428180000);
INSERT INTO steps VALUES(13,3,2,'call',90000,1795428090000,1795428090000,1795428180000,'PENDING',NULL,NULL,0,1795427400000,'',NULL,'unanswered',1795428180000);
INSERT INTO steps VALUES(14,3,3,'command',60000,1795428120000,1795428120000,1795428180000,'PENDING',NULL,NULL,0,1795427400000,'','lamp','unanswered',1795428180000);
INSERT INTO steps VALUES(15,3,4,'sms',-300000,1795428480000,1795428480000,1795428180000,'PENDING',NULL,NULL,0,1795427400000,'Bea',NULL,'missed',1795429080000);
INSERT INTO steps VALUES(16,4,0,'sms',300000,1795427700000,1795427700000,1795428000000,'EXECUTED','initiated','',0,1795427730000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(17,4,1,'call',180000,1795427820000,1795427820000,1795428000000,'EXECUTED','initiated','',0,1795427830000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(18,4,2,'call',90000,1795427910000,1795427910000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'',NULL,'unanswered',1795428000000);
INSERT INTO steps VALUES(19,4,3,'command',60000,1795427940000,1795427940000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'','lamp','unanswered',1795428000000);
INSERT INTO steps VALUES(20,4,4,'sms',-300000,1795428300000,1795428300000,1795428000000,'PENDING',NULL,NULL,0,1795427400000,'Bea',NULL,'missed',1795428900000);
INSERT INTO steps VALUES(21,5,0,'sms',300000,1795428300000,1795428300000,1795428600000,'PENDING',NULL,NULL,0,1795427730000,'',NULL,'unanswered',1795428600000);
INSERT INTO steps VALUES(22,5,1,'call',180000,1795428420000,1795428420000,1795428600000,'PENDING',NULL,NULL,0,1795427730000,'',NULL,'unanswered',1795428600000);
INSERT INTO steps VALUES(23,5,2,'call',90000,1795428510000,1795428510000,1795428600000,'PENDING',NULL,NULL,0,1795427730000,'',NULL,'unanswered',1795428600000);
INSERT INTO steps VALUES(24,5,3,'command',60000,1795428540000,1795428540000,1795428600000,'PENDING',NULL,NULL,0,1795427730000,'','lamp','unanswered',1795428600000);
INSERT INTO steps VALUES(25,5,4,'sms',-300000,1795428900000,1795428900000,1795428600000,'PENDING',NULL,NULL,0,1795427730000,'Bea',NULL,'missed',1795429500000);
CREATE TABLE attempt_steps(
  attempt_id integer not null references attempts,
  step_id integer not null references steps,
  incident_id integer not null references incidents,
  primary key(attempt_id, step_id)) strict, without rowid;
INSERT INTO attempt_steps VALUES(1,1,1);
INSERT INTO attempt_steps VALUES(4,2,1);
INSERT INTO attempt_steps VALUES(3,6,2);
INSERT INTO attempt_steps VALUES(2,16,4);
INSERT INTO attempt_steps VALUES(5,17,4);
CREATE TABLE call_tracker(
  attempt_id integer not null references attempts,
  meeting_id integer not null references meetings,
  person text not null,
  at integer not null,
  primary key(attempt_id, meeting_id)) strict, without rowid;
INSERT INTO call_tracker VALUES(2,7,'ana',1795427730000);
INSERT INTO call_tracker VALUES(5,7,'ana',1795427830000);
INSERT INTO call_tracker VALUES(1,1,'bo',1795427730000);
INSERT INTO call_tracker VALUES(4,1,'bo',1795427830000);
INSERT INTO call_tracker VALUES(3,3,'cy',1795427730000);
CREATE TABLE ticks(
  id integer primary key,
  owner text not null,
  boottime_ms integer not null,
  started_at integer not null,
  ended_at integer,
  exit integer,
  skew_ms integer,
  placed integer,
  not_placed integer, host text) strict;
INSERT INTO ticks VALUES(1,'00000000-0000-0000-0000-000000000000:17232:68249',1000000,1795427400000,1795427400000,0,NULL,0,0,'host');
INSERT INTO ticks VALUES(2,'00000000-0000-0000-0000-000000000000:17235:68251',1000000,1795427730000,1795427730000,0,NULL,3,0,'host');
INSERT INTO ticks VALUES(3,'00000000-0000-0000-0000-000000000000:17241:68254',1000000,1795427830000,1795427830000,0,NULL,2,0,'host');
CREATE TABLE faults(
  key text primary key,
  since integer not null,
  told_at integer not null) strict, without rowid;
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
INSERT INTO calendars VALUES(1,'2a9c7c8b87f3e9c4'||'13ba35d402dfde24','ana','ana.ics','file',NULL,NULL,'65024 5310684 545 1796088372.551320893 1796088372.551320893','bd95933303bcbe958ad2b1b6bbbf1952761c972566bca96e40354c3fccd32d11',2,1795427730000,1795427730000,1795427400000,1795427400000,'887949d15f6003a0',1795428046332,NULL,0,NULL,NULL,0,3,0,NULL);
CREATE TABLE calendar_bodies(
  calendar_id integer primary key references calendars,
  body blob not null) strict;
INSERT INTO calendar_bodies VALUES(1,X'1f8b08000000000004ff9d92df6a833018c5eff314be409ba86c172942b56623a0b18b3150efd21ad68255f1cf58df7ed18a14061b5b2e9373bef33b1f09c82b6558eefc88b0d0e740129ed28461678dc09e27210df10a42fda9ae4da921ecd4873e0f47abd75d0f216160f613499800995117ea52deb6b3615db7ef2014a9f0e33d7690f36cdbc816683af9fd818b8dc869e891a1ad1b0d03dd96976ad63aae3006a3365283f78bd07e4208709e4504bf70f2e6853e8d0e9b5d9231e1b920cde2d8e7079cf6aa2a564303cc402cefdcdf4a1c6bd516dbbf94782046ae211edb8d09ce547a2ae24ed76617224bb130fbf2059564010bc64cabbb55a71fd1caa13a9dff8d661050be440aadaed634f03172c496cb87f802fb2a9f6521020000');
CREATE TABLE calendar_meetings(
  calendar_id integer not null references calendars,
  meeting_id integer not null references meetings,
  sequence integer not null,
  missing_since integer, -- its whole event is gone since then
  primary key(calendar_id, meeting_id)) strict, without rowid;
INSERT INTO calendar_meetings VALUES(1,7,0,NULL);
INSERT INTO calendar_meetings VALUES(1,8,0,NULL);
INSERT INTO calendar_meetings VALUES(1,9,0,NULL);
CREATE TABLE calendar_list(
  id integer primary key check(id = 1),
  fingerprint text not null) strict;
INSERT INTO calendar_list VALUES(1,'4e07504c0cc77cb1');
CREATE TABLE IF NOT EXISTS "attempts"(
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
  next_look_at integer, guards text, -- null: nothing to look for
  check((state = 'ACCEPTED') = (sid is not null)),
  check((state = 'ACCEPTED') = (call_status is not null)),
  check((state = 'SENDING') = (finished_at is null)),
  check(hang_up <> 'WANTED' or hang_up_how is not null)) strict;
INSERT INTO attempts VALUES(1,'14040c67a84cce84','14040c67a84cce84',1,'bo','mock','mock','sms','+12025550102','+12025550100','Hello bo. This is savehub. Review starts in 4 min…','ACCEPTED','00000000-0000-0000-0000-000000000000:17235:68251',1120000,1795427730000,1000000,1795427775000,1045000,1795427730000,'MOCK-sms-14040c67a84cce84','delivered',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,'s1: country: one of +1; in time: 30 s after it was due, 270 s before it is too late; messages: 0 of 2 in 10 min; number free');
INSERT INTO attempts VALUES(2,'886501d15a1ef757','886501d15a1ef757',16,'ana','mock','mock','sms','+12025550101','+12025550100','Hello Ana. This is savehub. Stand-up starts in 4 …','ACCEPTED','00000000-0000-0000-0000-000000000000:17235:68251',1120000,1795427730000,1000000,1795427775000,1045000,1795427730000,'MOCK-sms-886501d15a1ef757','delivered',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,'s16: country: one of +1; in time: 30 s after it was due, 270 s before it is too late; messages: 0 of 2 in 10 min; number free');
INSERT INTO attempts VALUES(3,'f70fb118abbfea1f','f70fb118abbfea1f',6,'cy','mock','mock','sms','+12025550103','+12025550100','Hello cy. This is savehub. Call with Oslo starts …','ACCEPTED','00000000-0000-0000-0000-000000000000:17235:68251',1120000,1795427730000,1000000,1795427775000,1045000,1795427730000,'MOCK-sms-f70fb118abbfea1f','delivered',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,NULL,'s6: country: one of +1; in time: 0 s after it was due, 300 s before it is too late; messages: 0 of 2 in 10 min; number free');
INSERT INTO attempts VALUES(4,'7d56e162251eba95','7d56e162251eba95',2,'bo','mock','mock','call','+12025550102','+12025550100','Hello bo. This is savehub. Review starts in 3 min…','ACCEPTED','00000000-0000-0000-0000-000000000000:17241:68254',1120000,1795427830000,1000000,1795427875000,1045000,1795427830000,'MOCK-7d56e162251eba95-no-answer-1795427830000','queued',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,1795427830000,'s2: country: one of +1; window: 170 s before the start, 180 s allowed; calls: 0 of 3 in 10 min; bo today: 0 of 20; all: 0 of 200; number free');
INSERT INTO attempts VALUES(5,'6cd54403b98c8232','6cd54403b98c8232',17,'ana','mock','mock','call','+12025550101','+12025550100','Hello Ana. This is savehub. Stand-up starts in 3 …','ACCEPTED','00000000-0000-0000-0000-000000000000:17241:68254',1120000,1795427830000,1000000,1795427875000,1045000,1795427830000,'MOCK-6cd54403b98c8232-no-answer-1795427830000','queued',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'NONE',NULL,1795427830000,'s17: country: one of +1; window: 170 s before the start, 180 s allowed; calls: 0 of 3 in 10 min; ana today: 0 of 20; all: 1 of 200; number free');
CREATE TABLE heard(
  sid text primary key, -- the provider's id of it
  how text not null check(how in ('message','call','key')),
  from_number text not null,
  at integer not null,
  heard_at integer not null,
  message text not null, -- cut
  effect text not null check(effect in ('joined','missed','acknowledged','not_understood','needs_code','nothing_open'))) strict, without rowid;
CREATE TABLE heard_incidents(
  sid text not null references heard,
  incident_id integer not null references incidents,
  primary key(sid, incident_id)) strict, without rowid;
CREATE TABLE pauses(
  id integer primary key autoincrement,
  person text check(person <> ''), -- null: everybody
  since integer not null,
  until integer, -- null: until resume
  reason text,
  ended_at integer, -- resumed, replaced, or seen to be over; null: it lasts, or nobody has looked since it was over
  check(until > since)) strict;
CREATE TABLE counters(
  name text not null check(name in ('attempts','steps_ended')),
  what text not null, -- kind of the attempt; state of the step
  how text not null, -- state of the attempt; reason of the step
  n integer not null,
  primary key(name, what, how)) strict, without rowid;
INSERT INTO counters VALUES('attempts','call','ACCEPTED',2);
INSERT INTO counters VALUES('attempts','call','SENDING',2);
INSERT INTO counters VALUES('attempts','sms','ACCEPTED',3);
INSERT INTO counters VALUES('attempts','sms','SENDING',3);
INSERT INTO counters VALUES('steps_ended','CANCELLED','joined',4);
INSERT INTO counters VALUES('steps_ended','EXECUTED','initiated',5);
CREATE TABLE pace(
  provider text not null,
  account text not null,
  from_number text not null, -- empty: of the whole account
  free_at integer not null,
  primary key(provider, account, from_number)) strict, without rowid;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('incidents',5);
INSERT INTO sqlite_sequence VALUES('calendars',1);
INSERT INTO sqlite_sequence VALUES('attempts',5);
CREATE INDEX meetings_to_watch on meetings(starts_at) where state = 'SCHEDULED' and watched = 0;
CREATE INDEX meetings_by_start on meetings(starts_at);
CREATE INDEX incidents_open on incidents(starts_at) where ended_at is null;
CREATE UNIQUE INDEX incidents_one_open on incidents(meeting_id) where ended_at is null;
CREATE INDEX incidents_ended on incidents(ended_at) where ended_at is not null;
CREATE INDEX attempt_steps_by_step on attempt_steps(step_id);
CREATE INDEX attempt_steps_by_incident on attempt_steps(incident_id);
CREATE INDEX call_tracker_of_meeting on call_tracker(person, meeting_id, at);
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
CREATE INDEX heard_by_time on heard(at);
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
CREATE INDEX attempts_of_day on attempts(kind, intent_at, state, person);
COMMIT;
