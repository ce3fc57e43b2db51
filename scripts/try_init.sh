#!/bin/sh
# A newcomer's first minute: write an app into an empty folder, run its tests. `scripts/try_init.sh [FOLDER]`
set -eu
bin=$(cd "$(dirname "$0")/../.venv/bin" && pwd)
folder=${1:-$(mktemp -d)}
mkdir -p "$folder" && cd "$folder"
"$bin/doorward" init fastapi
"$bin/python" -m pytest -q
