-- The past of 200 people, for benches/oneshot.py: 8 rows a meeting (the meeting, its incident, two steps, two attempts and
-- their two links), all over and done, evenly over the two years before now; and a month of ticks. MEETINGS is replaced by
-- their number.
pragma synchronous = off;
begin;
create temp table past as
with recursive n(i) as (select 1 union all select i + 1 from n where i < MEETINGS)
select i as id, format('p%04d', i % 200) as person,
  1000 * (unixepoch() - 86400 - 63072000 + i * 63072000 / MEETINGS) as starts_at from n;

insert into meetings(id, person, uid, recurrence, title, starts_at, source, state, generation, watched, created_at, updated_at)
select id, person, format('m%09d@example.com', id), '', 'Meeting ' || id, starts_at, 'manual', 'SCHEDULED', 1, 1,
  starts_at - 86400000, starts_at - 86400000 from past;
insert into incidents(id, meeting_id, person, generation, starts_at, state, reason, opened_at, ended_at)
select id, id, person, 1, starts_at, 'RESOLVED', 'joined', starts_at - 180000, starts_at - 20000 from past;

create temp table rungs as
select past.*, k.rung, k.before_ms, starts_at - k.before_ms as due_at, (id - 1) * 2 + k.rung + 1 as step
from past join (select 0 as rung, 180000 as before_ms union all select 1, 90000) k order by id, k.rung;
insert into steps(id, incident_id, rung, kind, before_ms, due_at, ready_at, starts_at, state, reason, updated_at, deadline_at)
select step, id, rung, 'call', before_ms, due_at, due_at, starts_at, 'EXECUTED', 'initiated', due_at, starts_at from rungs;
insert into attempts(id, token, key, step_id, person, provider, account, kind, to_number, from_number, message, state, owner,
  lease_until_boot_ms, intent_at, intent_boot_ms, request_deadline_at, deadline_boot_ms, finished_at, sid, call_status, http_status)
select step, format('t%09d', step), format('t%09d', step), step, person, 'twilio', 'AC00000000000000000000000000000000', 'call',
  '+120255501' || format('%02d', id % 100), '+12025550199', 'Hello. This is savehub. Meeting starts in 3 min.',
  'ACCEPTED', '0:0:0', 0, due_at, 0, due_at + 60000, 0, due_at + 900, format('CA%032x', step), 'no-answer', 201 from rungs;
insert into attempt_steps(attempt_id, step_id, incident_id) select step, step, id from rungs;

with recursive n(i) as (select 1 union all select i + 1 from n where i < 80000)
insert into ticks(owner, boottime_ms, started_at, ended_at, exit, placed, not_placed)
select '0:0:0', 0, 1000 * (unixepoch() - 2400600 + i * 30), 1000 * (unixepoch() - 2400600 + i * 30) + 5, 0, 0, 0 from n;
drop table rungs;
drop table past;
commit;
