#!/usr/bin/env bash
# All tests, the lab's included. Ends with one line `N passed, N failed`.
# `npm test -- FILTER …` runs only the test files whose path holds a filter.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
report=$(mktemp)
trap 'rm -f "$report"' EXIT

scripts/setup.sh test || { echo "0 passed, 1 failed"; exit 1; }
checks=0
npx tsc || checks=1
npx biome lint --error-on-warnings --diagnostic-level=warn || checks=1

npx vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@"
code=$?
[ $code != 0 ] || code=$checks
node scripts/summary.mjs "$report" "$code"
