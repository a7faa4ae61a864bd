-- Schema 8: marks in events.

-- What the person marked a meeting with in its calendar. 1: it rings though it was answered; how long before the start its
-- first notice is due.
alter table meetings add column important integer not null default 0 check(important in (0, 1));
alter table meetings add column early_ms integer check(early_ms > 0);
-- Every tick asks which early notices have come into reach.
create index meetings_early on meetings(starts_at - early_ms) where state = 'SCHEDULED' and watched = 0 and early_ms is not null;
