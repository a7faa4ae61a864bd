#!/usr/bin/env bash
# How long savehub takes for files of the size limit (20 MB) that are written to hurt, beside a plain calendar of that size in
# the same run. Exits with 1 if one takes more than 2 s of the processor. Needs python3. Usage: bash benches/hostile.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --profile dist
python3 benches/hostile.py target/dist/savehub "${1:-3}"
