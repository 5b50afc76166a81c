#!/bin/sh
# Runs as root: copies the files that root mounted at /run/hw5 for the user, then executes the command as that user, under tini, which reaps zombies.
set -eu
from=/run/hw5
to=/run/hw5-user

# copy FILE MODE OWNER: only if it has changed, and by rename, so that a reader never gets a partial file.
copy() {
  [ -s "$from/$1" ] || return 0
  cmp -s "$from/$1" "$to/$1" && return 0
  install -m "$2" -o "$3" "$from/$1" "$to/.$1" && mv "$to/.$1" "$to/$1"
}
# A new token needs a new Jupyter, which the framework starts: this one must not accept the old token any longer.
end_if_token_changed() {
  [ ! -s "$from/token" ] || cmp -s "$from/token" "$to/token" || kill -TERM 1
}
copy_all() {
  copy token 0400 "$HW5_USER"
  copy id_ed25519 0400 "$HW5_USER"
  copy known_hosts 0444 root
  copy ssh_config 0444 root
  copy tasks.json 0444 root
}

# With an empty token, Jupyter would accept any user.
[ -s "$from/token" ] || { echo "docker-jupyter: $from/token is missing; mount the directory with the cluster's token and keys at $from" >&2; exit 78; }
# shellcheck disable=SC2174 # its parent exists
mkdir -p -m 0755 "$to"
copy_all
# The list of ssh containers changes when the cluster is scaled, while this container keeps running.
while sleep 2; do end_if_token_changed; copy_all || true; done &

cd "/home/$HW5_USER"
export HOME="/home/$HW5_USER" USER="$HW5_USER" LOGNAME="$HW5_USER" SHELL=/bin/bash
exec tini -g -- setpriv --reuid="$HW5_USER" --regid="$(id -g "$HW5_USER")" --init-groups "$@"
