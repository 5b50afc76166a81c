#!/usr/bin/env bash
# From a fresh clone to a notebook: what is missing, the lab, the cluster on it, the notebook's URL.
set -euo pipefail
cd "$(dirname "$0")/.."
begun=$SECONDS
scripts/setup.sh
node bin/hw5.js lab up
node bin/hw5.js --lab up
node bin/hw5.js --lab status
echo
echo "The notebook, through each of the three nodes (after $((SECONDS - begun)) s):"
node bin/hw5.js --lab notebook
