-- What was heard from people: each message, call and key once, whatever it did.

create table heard(
  sid text primary key, -- the provider's id of it
  how text not null check(how in ('message','call','key')),
  from_number text not null,
  at integer not null,
  heard_at integer not null,
  message text not null, -- cut
  effect text not null check(effect in ('joined','missed','acknowledged','not_understood','needs_code','nothing_open'))) strict, without rowid;
create index heard_by_time on heard(at);

-- The incidents it was for.
create table heard_incidents(
  sid text not null references heard,
  incident_id integer not null references incidents,
  primary key(sid, incident_id)) strict, without rowid;
create index heard_incidents_by_incident on heard_incidents(incident_id);
