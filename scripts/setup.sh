#!/usr/bin/env bash
# Installs what a fresh Debian 12 machine lacks and builds hw5. Does nothing twice.
# `scripts/setup.sh test` also installs what only the tests need. Where no lab can be made, what only a lab needs is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/phase.sh

install_npm_packages() {
  echo "installing hw5's npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
}

install_debian_packages() {
  echo "installing Debian packages: $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >/dev/null
  # the tests start their own sshd on loopback; installing the package must not add a service to this host
  case " $* " in *" openssh-server "*) [ ! -d /run/systemd/system ] || systemctl --quiet disable --now ssh.service ;; esac
}

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  phase "npm packages" install_npm_packages
fi

echo "building hw5"
phase build npm run --silent build

missing=()
if node scripts/lab-possible.mjs >/dev/null; then
  mapfile -t missing < <(node -e "import('./dist/lab/host-packages.js').then(async (m) => (await m.missingHostPackages()).forEach((each) => console.log(each)))")
  if [ "${1:-}" = test ] && [ ! -x /usr/bin/chromium ]; then missing+=(chromium); fi
fi
if [ "${1:-}" = test ]; then
  [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
  [ -x /usr/bin/shellcheck ] || missing+=(shellcheck)
fi
if [ ${#missing[@]} = 0 ]; then
  : # nothing to install
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  phase "Debian packages" install_debian_packages "${missing[@]}"
else
  echo "not installed, as that needs root and apt-get: ${missing[*]}" >&2
fi
