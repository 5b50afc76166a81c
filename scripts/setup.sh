#!/usr/bin/env bash
# Installs what a fresh Debian 12 machine lacks and builds hw5. Does nothing twice. `scripts/setup.sh test` also brings what only the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "the lab needs root: sudo npm run ${npm_lifecycle_event:-demo}" >&2; exit 1; }

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing hw5's npm packages"
  # not `npm ci`: it refuses a lock file without the binaries of other systems, which not every registry has
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

npm run --silent build

missing=$(node -e "import('./dist/lab/host-packages.js').then(async (m) => console.log((await m.missingHostPackages()).join(' ')))")
if [ "${1:-}" = test ]; then
  [ -x /usr/bin/chromium ] || missing="$missing chromium"
  [ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
  [ -x /usr/bin/shellcheck ] || missing="$missing shellcheck"
fi
if [ -n "${missing// /}" ]; then
  echo "installing Debian packages: $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  # shellcheck disable=SC2086 # a list of names
  apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing >/dev/null
  # the tests start an sshd of their own on loopback; this computer is not to get one as a service
  case $missing in *openssh-server*) [ ! -d /run/systemd/system ] || systemctl --quiet disable --now ssh.service ;; esac
fi
