#!/usr/bin/env bash
# How long savehub takes to read a calendar and expand the next day, beside libical on the same file in the same run.
# Needs the Debian packages libical-dev, pkg-config, time and python3. Usage: bash benches/calendar.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --profile dist
read -ra flags <<<"$(pkg-config --cflags --libs libical)"
cc -O2 -Wall -Wextra -o "$scratch/calendar_libical" benches/calendar_libical.c "${flags[@]}"
python3 benches/calendar.py target/dist/savehub "$scratch/calendar_libical" "${1:-7}"
