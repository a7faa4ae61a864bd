-- Schema 6: the pace of calls.

-- From when the next call may start. A row is made with the first call and moved by each one, in the transaction that
-- writes its attempt.
create table pace(
  provider text not null,
  account text not null,
  from_number text not null, -- empty: of the whole account
  free_at integer not null,
  primary key(provider, account, from_number)) strict, without rowid;

-- The daily caps count the calls of a day with every claim: from this index alone, past whatever is older.
create index attempts_of_day on attempts(kind, intent_at, state, person);
