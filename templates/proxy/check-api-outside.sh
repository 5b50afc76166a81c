# shellcheck shell=bash
# Run on another machine. Exits with 0 if the proxy's API cannot be reached at the node's address, else with 1.
if timeout 3 bash -c 'exec 3<>/dev/tcp/{{address}}/{{apiPort}}' 2>/dev/null; then
  echo "the proxy's API answers at {{address}}:{{apiPort}}"
  exit 1
fi
