#!/usr/bin/env bash
# How long `savehub report` takes for a year of 200 people (100,000 incidents, tests/support/year.sql), beside one plain
# sum over the same rows by SQLite's own program, in turn: medians of 7 rounds of the time on the wall and of the processor. Needs the Debian package sqlite3.
# Usage: bash benches/report.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=${1:-7}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --profile dist --quiet
savehub=$PWD/target/dist/savehub
database=$scratch/savehub.db
cat >"$scratch/config.toml" <<END
database = "$database"
[[person]]
id = "p001"
phone = "+12025550101"
zone = "Europe/Berlin"
END
"$savehub" --config "$scratch/config.toml" meeting add "To be deleted" --at "in 10m" >/dev/null
sqlite3 "$database" "delete from meetings"
sqlite3 "$database" <tests/support/year.sql

sum="select count(*), sum(-a.price) from attempts a join steps s on s.id = a.step_id join incidents i on i.id = s.incident_id"
span=(--config "$scratch/config.toml" report --since 365d --until 2026-11-22)

# Milliseconds of one run: on the wall, and of the processor (user and system).
TIMEFORMAT='%R %U %S'
once() {
  { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d %d\n", $1 * 1000, ($2 + $3) * 1000 }'
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
wall() { cut -d ' ' -f 1 <"$1" | median; }
cpu() { cut -d ' ' -f 2 <"$1" | median; }

for round in $(seq "$rounds"); do
  once sqlite3 "$database" "$sum" >>"$scratch/sum"
  once "$savehub" "${span[@]}" >>"$scratch/days"
  once "$savehub" "${span[@]}" --by person >>"$scratch/people"
  once "$savehub" "${span[@]}" --html "$scratch/report.html" >>"$scratch/page"
done

plain=$(cpu "$scratch/sum")
printf '%-36s %5d ms, processor %5d ms\n' "sqlite3, one sum over the attempts" "$(wall "$scratch/sum")" "$plain"
for form in days people page; do
  took=$(cpu "$scratch/$form")
  ratio=$(awk -v a="$took" -v b="$plain" 'BEGIN { printf "%.1f", a / (b > 0 ? b : 1) }')
  printf '%-36s %5d ms, processor %5d ms, %s times that\n' "savehub report ($form)" "$(wall "$scratch/$form")" "$took" "$ratio"
done
