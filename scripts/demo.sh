#!/usr/bin/env bash
# From a fresh clone to a notebook: what is missing, the lab, the cluster on it, the notebook's URL. Arguments are those of `hw5 lab up`.
set -euo pipefail
cd "$(dirname "$0")/.."
begun=$SECONDS
if ! obstacle=$(node scripts/lab-possible.mjs); then
  echo "the demo cannot run here: $obstacle" >&2
  exit 1
fi
scripts/setup.sh
node bin/hw5.js lab up "$@"
node bin/hw5.js --lab up
node bin/hw5.js --lab status
echo
echo "The notebook, through each of the three nodes (after $((SECONDS - begun)) s):"
node bin/hw5.js --lab notebook
