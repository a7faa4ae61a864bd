#!/usr/bin/env bash
# How long one run of savehub takes, beside what people would use instead: one table, medians of runs in turn.
# Needs cargo and the Debian packages sqlite3, curl, python3, time; valgrind for the instruction counts.
# Usage: bash benches/oneshot.sh [ROUNDS] [ROWS...]   rounds of runs (default 21); rows of history (default 1000000, 0 for none;
# 10000000 takes 4 GB of disk for some minutes)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=
for program in cargo sqlite3 curl python3 xargs /usr/bin/time; do
  command -v "$program" >/dev/null || missing+=" $program"
done
if [ -n "$missing" ]; then
  echo "these programs are missing:$missing" >&2
  exit 2
fi
target=${CARGO_TARGET_DIR:-target}
cargo build --profile dist --quiet --features postgres
with_postgres=$(stat -c %s "$target/dist/savehub")
cargo build --profile dist --quiet
exec python3 benches/oneshot.py "$target/dist/savehub" "$with_postgres" "$@"
