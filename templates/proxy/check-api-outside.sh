# shellcheck shell=bash
# Run on another machine: no connection to the proxy's API at the node's address. Exit 0 if there is none, else 1.
if timeout 3 bash -c 'exec 3<>/dev/tcp/{{address}}/{{apiPort}}' 2>/dev/null; then
  echo "the proxy's API answers at {{address}}:{{apiPort}}"
  exit 1
fi
