#!/bin/sh
# Runs as root: hands the user what root mounted at /run/hw5, then becomes the command as that user, beneath an init that reaps.
set -eu
from=/run/hw5
to=/run/hw5-user

# hand FILE MODE OWNER: copies by rename, and only what changed. A reader never sees half a file.
hand() {
  [ -s "$from/$1" ] || return 0
  cmp -s "$from/$1" "$to/$1" && return 0
  install -m "$2" -o "$3" "$from/$1" "$to/.$1" && mv "$to/.$1" "$to/$1"
}
# A new token takes effect with a new Jupyter, which its framework starts: the old one must not be let in any longer.
end_if_token_changed() {
  [ ! -s "$from/token" ] || cmp -s "$from/token" "$to/token" || kill -TERM 1
}
hand_all() {
  hand token 0400 "$HW5_USER"
  hand id_ed25519 0400 "$HW5_USER"
  hand known_hosts 0444 root
  hand ssh_config 0444 root
  hand tasks.json 0444 root
}

# Jupyter with an empty token would let everybody in.
[ -s "$from/token" ] || { echo "docker-jupyter: $from/token is missing; mount the folder with the cluster's token and keys at $from" >&2; exit 78; }
# shellcheck disable=SC2174 # its parent exists
mkdir -p -m 0755 "$to"
hand_all
# The hosts change when the cluster is scaled, while this container goes on.
while sleep 2; do end_if_token_changed; hand_all || true; done &

cd "/home/$HW5_USER"
export HOME="/home/$HW5_USER" USER="$HW5_USER" LOGNAME="$HW5_USER" SHELL=/bin/bash
exec tini -g -- setpriv --reuid="$HW5_USER" --regid="$(id -g "$HW5_USER")" --init-groups "$@"
