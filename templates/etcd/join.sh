# shellcheck shell=sh disable=SC2153 # hw5 sets the variables in capitals
# Makes a place for a member that has no data among those that have. Its old self, if there was one, is taken out first: etcd lets nobody in twice.
# POSIX sh, as root. $UNIT, $NAME, $PEER (our URL), $CLIENTS and $PEERS (the other members' URLs), $QUORUM (how many members are one), $DATA, $JOIN_FILE.
set -e
export ETCDCTL_API=3
rm -f "$JOIN_FILE"

# A quorum without us: also when we still run, from files that somebody has deleted. The last one that answers is $other.
others_suffice() {
  count=0
  for client in $CLIENTS; do
    etcdctl --endpoints "$client" --command-timeout=3s endpoint health >/dev/null 2>&1 || continue
    count=$((count + 1)) other=$client
  done
  [ "$count" -ge "$QUORUM" ]
}

# What the others remember of us: `ran`, or `awaited` by members that have begun and wait for us. Told on the peers' port, which needs no quorum;
# one that never ran has no client URL. Nothing when nobody answers, which is no answer.
remembered() {
  for peer in $PEERS; do
    curl -sf -m 5 "$peer/members" | tr '{' '\n' | grep -F "\"$PEER\"" || :
  done | awk '/"clientURLs":\["/ { ran = 1 } END { if (NR) print ran ? "ran" : "awaited" }'
}

# they may have been started a moment ago
end=$(($(date +%s) + 60))
until others_suffice; do
  memory=$(remembered)
  [ "$memory" != awaited ] || exit 0
  if [ "$(date +%s)" -ge "$end" ]; then
    if [ "$memory" ]; then
      echo "this member's data is gone, and too few of the others are well to let it in again" >&2
    else
      echo "there are members with data, but none of them answers" >&2
    fi
    exit 1
  fi
  sleep 1
done

# its attempts to begin anew
systemctl stop "$UNIT" 2>/dev/null || true

# etcd refuses to change its members until all that are left have been connected for some seconds
let_in() {
  members=$(etcdctl --endpoints "$other" --command-timeout=5s member list) || return 1
  # id, status, name, peer URL, client URL, learner: one that never ran has no client URL
  id=$(printf '%s\n' "$members" | awk -F ', ' -v peer="$PEER" '$4 == peer { print $1 }')
  client=$(printf '%s\n' "$members" | awk -F ', ' -v peer="$PEER" '$4 == peer { print $5 }')
  if [ "$id" ] && [ "$client" ]; then
    etcdctl --endpoints "$other" --command-timeout=10s member remove "$id" || return 1
    id=
  fi
  [ "$id" ] || etcdctl --endpoints "$other" --command-timeout=10s member add "$NAME" --peer-urls="$PEER"
}
end=$(($(date +%s) + 60))
until let_in; do
  [ "$(date +%s)" -lt "$end" ] || { echo "$other does not let this member in" >&2; exit 1; }
  sleep 1
done

# what a start without its log left: the others send all of it
rm -rf -- "$DATA/member"
echo ETCD_INITIAL_CLUSTER_STATE=existing >"$JOIN_FILE"
