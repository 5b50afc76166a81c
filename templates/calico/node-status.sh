# shellcheck shell=sh
# Prints the BGP peers of the node it runs on, and exits with the code of `calicoctl node status`: 127 where calicoctl is missing, 1 where Felix
# does not run. A Felix that exits soon after each start runs at most moments: one that has just been started is looked at twice. POSIX sh, as root.
# When it does not keep running, the last line is the reason: `Felix: …`. $SETTLE is the number of seconds after which it counts as running, and
# $SETTLE_WAITING while it is waited for (HW5_WAIT_BEGAN is set).

# The process id of Felix and the seconds since it was started.
felix() {
  for comm in /proc/[0-9]*/comm; do
    read -r name <"$comm" || continue
    [ "$name" = calico-felix ] || continue
    process=${comm%/comm}
    started=$(awk '{print $22}' "$process/stat") || continue
    read -r uptime _ </proc/uptime
    echo "${process#/proc/} $((${uptime%.*} - started / $(getconf CLK_TCK)))"
    return 0
  done 2>/dev/null
  return 1
}

# Upstream's Felix logs to this file, from which it may have been gone for a while; services log to the journal.
last_error() {
  log=/var/log/calico/felix/current
  if [ -n "$(find "$log" -mmin -1 2>/dev/null)" ]; then
    lines=$(tail -n 200 "$log") where=$log
  else
    lines=$(journalctl -q --no-pager -o cat --since '-1 min' _SYSTEMD_UNIT=calico-felix.service 2>/dev/null | tail -n 200) where='journalctl -u calico-felix'
  fi
  line=$(printf '%s\n' "$lines" | grep -E 'FATAL|PANIC|panic:|ERROR|Error' | tail -n 1)
  # without an error, it may just have been stopped, as with dockerd
  [ -n "$line" ] || [ "$1" = stopped ] || line=$(printf '%s\n' "$lines" | grep . | tail -n 1)
  [ -z "$line" ] || printf '%s: %.400s' "$where" "$line"
}

# $1: stopped, or exited when it was looked at twice.
not_running() {
  error=$(last_error "$1")
  [ -z "$error" ] || printf 'Felix: %s\n' "$error"
  # it was given half a minute, and still logs: it is started again and again
  [ -z "$error" ] || [ -z "${HW5_WAIT_BEGAN:-}" ] || [ $(($(date +%s) - HW5_WAIT_BEGAN)) -lt 30 ] || exit "$HOPELESS"
  exit 1
}

[ -z "${HW5_WAIT_BEGAN:-}" ] || SETTLE=$SETTLE_WAITING
command -v calicoctl >/dev/null || exit 127
status=$(calicoctl node status) || {
  code=$?
  printf '%s\n' "$status"
  [ "$code" -ne 1 ] || not_running stopped
  exit "$code"
}
if first=$(felix) && [ "${first#* }" -lt "$SETTLE" ]; then
  sleep $((SETTLE - ${first#* }))
  second=$(felix) || second=
  [ "${first% *}" = "${second% *}" ] || not_running exited
fi
printf '%s\n' "$status"
