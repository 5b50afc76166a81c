#!/bin/sh
# Runs as root: exits if a file is missing without which sshd would reject every login, makes sshd's directory, and executes the command.
set -eu
for file in ssh_host_ed25519_key authorized_keys; do
  [ -s "/run/hw5/$file" ] || { echo "docker-ssh: /run/hw5/$file is missing; mount the directory with the cluster's keys at /run/hw5" >&2; exit 78; }
done
# shellcheck disable=SC2174 # its parent exists
mkdir -p -m 0755 /run/sshd
exec "$@"
