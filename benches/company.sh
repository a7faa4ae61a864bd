#!/usr/bin/env bash
# A whole company at nine o'clock: everybody has a meeting then and a calendar file, and one tick makes all calls. On both
# stores, on a slow disk and with a server far away, each beside the plain updates of the database's own program.
# Needs cargo, python3, sqlite3, strace, and a PostgreSQL server's programs. Usage: bash benches/company.sh [PEOPLE] [CASES...]
# (default 6000; cases: sqlite slow postgres far)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --profile dist --quiet --features postgres
exec python3 benches/company.py "${CARGO_TARGET_DIR:-target}/dist/savehub" "${1:-6000}" "${@:2}"
