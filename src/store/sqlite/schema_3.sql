-- Schema 3: rungs of other kinds than calls.
-- The table of attempts is made anew (a CHECK cannot be changed), while foreign keys are off.

create table attempts_3(
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
  next_look_at integer, -- null: nothing to look for
  check((state = 'ACCEPTED') = (sid is not null)),
  check((state = 'ACCEPTED') = (call_status is not null)),
  check((state = 'SENDING') = (finished_at is null)),
  check(hang_up <> 'WANTED' or hang_up_how is not null)) strict;

insert into attempts_3(
  id, token, key, step_id, person, provider, account, kind, to_number, from_number, message, state, owner,
  lease_until_boot_ms, intent_at, intent_boot_ms, request_deadline_at, deadline_boot_ms, finished_at, sid,
  call_status, duration_s, rang_s, answered_by, price, price_unit, error, error_code, error_class,
  http_status, request_id, hang_up, hang_up_how, next_look_at)
select
  id, token, coalesce((select b.token from attempts b where b.step_id = a.step_id order by b.id limit 1), token),
  step_id, person, provider, account, 'call', to_number, from_number, message, state, owner,
  lease_until_boot_ms, intent_at, intent_boot_ms, request_deadline_at, deadline_boot_ms, finished_at, sid,
  call_status, duration_s, rang_s, answered_by, price, price_unit, error, error_code, error_class,
  http_status, request_id, hang_up, hang_up_how, next_look_at
from attempts a;
-- An id that was shown is never used again.
delete from sqlite_sequence where name = 'attempts_3';
insert into sqlite_sequence(name, seq) select 'attempts_3', seq from sqlite_sequence where name = 'attempts';
drop table attempts;
alter table attempts_3 rename to attempts;

-- One open attempt per phone: matching a call or message to its attempt by target is unambiguous, whatever the code does.
-- What no list is asked about (mail, webhook, command) may be under way for several meetings at once.
create unique index attempts_one_open on attempts(kind, to_number)
  where state in ('SENDING','UNKNOWN') and kind in ('call','sms');
create unique index attempts_one_open_of_step on attempts(step_id) where state in ('SENDING','UNKNOWN');
create index attempts_open on attempts(state) where state in ('SENDING','UNKNOWN');
create index attempts_of_target on attempts(kind, to_number, intent_at);
create index attempts_by_intent on attempts(intent_at);
create index attempts_to_look_at on attempts(next_look_at) where next_look_at is not null;
create index attempts_of_step on attempts(step_id);

-- Of a step due after the start, `before_ms` is negative.
alter table steps add column to_whom text not null default ''; -- a contact; empty: the person
alter table steps add column channel text; -- the webhook or command
alter table steps add column condition text not null default 'unanswered';
alter table steps add column deadline_at integer not null default 0; -- from then on it is too late
update steps set deadline_at = starts_at;
drop index steps_due;
create index steps_due on steps(ready_at, deadline_at) where state = 'PENDING';
create index steps_late on steps(incident_id, deadline_at) where state in ('PENDING','RUNNING') and deadline_at > starts_at;

-- A human has answered, replied or called back: how, from where (masked), and when.
alter table incidents add column acknowledged_at integer;
alter table incidents add column acknowledged_how text;
alter table incidents add column acknowledged_by text;
