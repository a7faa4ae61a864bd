#!/usr/bin/env bash
# Thousands of subscriptions: the first look at all of them beside curl, and whether each keeps to its interval afterwards.
# Needs cargo, curl and python3. Usage: bash benches/feeds.sh [CALENDARS] [MINUTES]   (default 5000, 11)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --profile dist --quiet
exec python3 benches/feeds.py "${CARGO_TARGET_DIR:-target}/dist/savehub" "${1:-5000}" "${2:-11}"
