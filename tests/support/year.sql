-- A year of a team, for the report: 200 people, 100,000 incidents of a ladder of three rungs (sms 5 min, call 3 min, call
-- 90 s before), from 2025-11-23 to 2026-11-22 UTC. Always the same; read into an empty database of savehub.
-- The first ten days are a rehearsal on the mock phone and in test mode.
begin;

create temp table year as
with recursive n(i) as (select 0 union all select i + 1 from n where i < 99999),
mixed as (
  select i, ((i * 2654435761 % 4294967296) >> 8) % 1000 as r, ((i * 2246822519 % 4294967296) >> 9) % 1000 as q,
         ((i * 3266489917 % 4294967296) >> 7) % 1000 as u, i * 365 / 100000 as day from n)
select i + 1 as id, r, q, u, day,
  format('p%03d', (i * 7 + r) % 200) as person,
  -- 274 meetings a day, 14 at a time, every half hour from 08:00 on.
  1763856000000 + day * 86400000 + (8 * 60 + (i - (day * 100000 + 364) / 365) / 14 * 30) * 60000 as starts_at,
  -- How it goes: 0 joined before anything, 1 after the message, 2 after the first call, 3 after the second,
  -- 4 a human answered and came late, 5 nobody came, 6 the meeting moved, 7 said to be missed.
  case when r < 250 then 0 when r < 420 then 1 when r < 690 then 2 when r < 840 then 3 when r < 900 then 4
       when r < 975 then 5 when r < 990 then 6 else 7 end as story,
  case when day < 8 then 'mock' when day < 10 then 'test' else 'twilio' end as provider
from mixed;

insert into meetings(id, person, uid, recurrence, title, starts_at, source, state, generation, watched, created_at, updated_at)
select id, person, 'y' || id || '@example.com', '', 'Meeting ' || id, starts_at, 'manual', 'SCHEDULED', 1, 1,
  starts_at - 86400000, starts_at - 86400000 from year;

insert into incidents(id, meeting_id, person, generation, starts_at, state, reason, opened_at, ended_at, acknowledged_at, acknowledged_how, acknowledged_by)
select id, id, person, 1, starts_at,
  case story when 4 then case when q < 500 then 'MISSED' else 'RESOLVED' end when 5 then 'MISSED' when 6 then 'CANCELLED'
    when 7 then 'MISSED' else 'RESOLVED' end,
  case when story = 4 and q < 500 then 'no_check_in' else case story when 5 then 'no_check_in' when 6 then 'meeting_moved' when 7 then 'said_missed'
    else case when q < 100 then 'presence' when q < 130 then 'operator' else 'joined' end end end,
  starts_at - 720000,
  starts_at + case story when 0 then -400000 when 1 then -200000 when 2 then -120000 when 3 then -20000 when 4 then case when q < 500 then 900000 else 240000 end
    when 5 then 900000 when 6 then -600000 else -60000 end,
  case story when 4 then starts_at - 30000 end, case story when 4 then 'answered' end, case story when 4 then '****0101' end
from year;

-- rung 0: the message; 1 and 2: the calls. `done` says how many rungs were begun before the end.
create temp table rungs as
select y.*, k.rung, k.kind, k.before_ms, starts_at - k.before_ms as due_at, (y.id - 1) * 3 + k.rung + 1 as step,
  case story when 0 then 0 when 1 then 1 when 2 then 2 when 6 then 0 when 7 then 3 else 3 end > k.rung as begun,
  -- Of those that were begun: a guard refused 2 in 100, the provider refused 1, nothing could be sent for 1.
  ((y.id * 3 + k.rung) * 2654435761 % 4294967296 >> 6) % 100 as w
from year y join (select 0 as rung, 'sms' as kind, 300000 as before_ms union all select 1, 'call', 180000 union all select 2, 'call', 90000) k
order by y.id, k.rung;

insert into steps(id, incident_id, rung, kind, before_ms, due_at, ready_at, starts_at, state, reason, updated_at, deadline_at)
select step, id, rung, kind, before_ms, due_at, due_at, starts_at,
  case when not begun then 'CANCELLED' when w in (0, 1) then 'SKIPPED' when w in (2, 3) then 'FAILED' else 'EXECUTED' end,
  case when not begun then case story when 6 then 'meeting_moved' else 'joined' end
    when w = 0 then case when kind = 'call' then 'number_busy' else 'max_sms_exceeded' end
    when w = 1 then case when kind = 'call' then 'outside_critical_window' else 'too_late' end
    when w = 2 then 'rejected' when w = 3 then 'not_sent' else case provider when 'test' then 'test_mode' else 'initiated' end end,
  due_at, starts_at from rungs;

-- `try`: 1 the first, 2 a retry. A step that could not be sent has two; of w = 4 the first met a provider at its limit.
create temp table tries as
select r.*, t.try, row_number() over (order by due_at, step, t.try) as attempt,
  case when w = 3 or (w = 4 and t.try = 1) then 0 else 1 end as sent
from rungs r join (select 1 as try union all select 2) t
where begun and w not in (0, 1) and (t.try = 1 or w in (3, 4));

insert into attempts(id, token, key, step_id, person, provider, account, kind, to_number, from_number, message, state, owner,
  lease_until_boot_ms, intent_at, intent_boot_ms, request_deadline_at, deadline_boot_ms, finished_at, sid, call_status,
  duration_s, rang_s, answered_by, price, price_unit, error, error_code, error_class, http_status, request_id)
select attempt, 't' || step || '-' || try, 't' || step || '-1', step, person, provider, 'AC00000000000000000000000000000000', kind,
  '+120255501' || format('%02d', (id * 7) % 100), '+12025550199', 'Hello. This is savehub. Meeting starts in 3 minutes.',
  case when w = 3 then 'NOT_SENT' when w = 2 or sent = 0 then 'REJECTED' else 'ACCEPTED' end, '0/0/0', 0,
  due_at + u * 30 + (try - 1) * 4000, 0, due_at + 60000, 0, due_at + u * 30 + 900,
  case when w = 2 or sent = 0 then null else 'CA' || step || '-' || try end,
  case when w = 2 or sent = 0 then null
    when provider = 'test' then 'simulated'
    when kind = 'sms' then case when u < 900 then 'delivered' when u < 980 then 'sent' else 'undelivered' end
    when u < 550 then 'completed' when u < 820 then 'no-answer' when u < 900 then 'busy' when u < 940 then 'failed' else 'canceled' end,
  case when kind = 'call' and sent = 1 and w > 2 and u < 550 then 5 + u % 50 end, null,
  case when kind = 'call' and sent = 1 and w > 2 and u < 550 and provider = 'twilio'
    then case when u < 300 then 'human' when u < 400 then 'machine_start' when u < 405 then 'fax' end end,
  case when sent = 1 and w > 2 and provider = 'twilio' and u % 97 > 0
    then case when kind = 'sms' then '-0.00790' when u < 550 then case when u % 3 = 0 then '-0.0280' else '-0.01400' end end end,
  case when sent = 1 and w > 2 and provider = 'twilio' then case when person < 'p020' then 'EUR' else 'USD' end end,
  case when w = 3 then 'connection refused' when w = 2 then 'refused' when sent = 0 then 'Too many requests' end,
  case when w = 2 then case when u < 500 then 21215 else 21211 end when w = 4 and sent = 0 then 20429
    when kind = 'sms' and sent = 1 and u >= 980 and provider <> 'test' then 30003 end,
  case when w = 2 then 'callee' when w = 4 and sent = 0 then 'capacity' end,
  case when w = 3 then null when w = 2 then 400 when sent = 0 then 429 else 201 end, 'RQ' || attempt
from tries order by attempt;

insert into attempt_steps(attempt_id, step_id, incident_id) select attempt, step, id from tries order by attempt;

drop table tries;
drop table rungs;
drop table year;
commit;
