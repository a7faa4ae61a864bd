-- Schema 5: pauses, the hosts of ticks, what the guards said, and counters.

-- The brake (guard 7). At most one of everybody and one of each person lasts; those that are over stay as evidence.
create table pauses(
  id integer primary key autoincrement,
  person text check(person <> ''), -- null: everybody
  since integer not null,
  until integer, -- null: until resume
  reason text,
  ended_at integer, -- resumed, replaced, or seen to be over; null: it lasts, or nobody has looked since it was over
  check(until > since)) strict;
create unique index pauses_one on pauses(coalesce(person, '')) where ended_at is null;
create index pauses_ended on pauses(ended_at) where ended_at is not null;

alter table ticks add column host text; -- the machine that ran it
alter table attempts add column guards text; -- what the guards said when it was written, in a line

-- How often each thing happened since the database was made, whatever retention deletes: a metric may not go back.
-- The rows are kept by triggers, in the transaction of what they count. Who makes `attempts` or `steps` anew makes these
-- anew.
create table counters(
  name text not null check(name in ('attempts','steps_ended')),
  what text not null, -- kind of the attempt; state of the step
  how text not null, -- state of the attempt; reason of the step
  n integer not null,
  primary key(name, what, how)) strict, without rowid;
insert into counters(name, what, how, n) select 'attempts', kind, state, count(*) from attempts group by kind, state;
insert into counters(name, what, how, n)
  select 'steps_ended', state, coalesce(reason, ''), count(*) from steps
  where state not in ('PENDING','RUNNING') group by state, coalesce(reason, '');
create trigger attempts_written after insert on attempts begin
  insert into counters(name, what, how, n) values ('attempts', new.kind, new.state, 1)
    on conflict do update set n = n + 1;
end;
create trigger attempts_moved after update of state on attempts when new.state <> old.state begin
  insert into counters(name, what, how, n) values ('attempts', new.kind, new.state, 1)
    on conflict do update set n = n + 1;
end;
create trigger steps_over after update of state on steps
  when new.state <> old.state and new.state not in ('PENDING','RUNNING') begin
  insert into counters(name, what, how, n) values ('steps_ended', new.state, coalesce(new.reason, ''), 1)
    on conflict do update set n = n + 1;
end;
