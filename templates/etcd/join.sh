# shellcheck shell=sh disable=SC2153 # hw5 sets the variables in capitals
# Adds a member without data to the members that have data. If it was a member before, it is removed first: etcd does not add a member twice.
# POSIX sh, as root. $UNIT, $NAME, $PEER (this member's URL), $CLIENTS and $PEERS (the other members' URLs), $QUORUM (a number), $DATA, $JOIN_FILE.
set -e
export ETCDCTL_API=3
rm -f "$JOIN_FILE"

# Whether the other members are a quorum without this one, which may still run on deleted files. Sets $other to one that answers.
others_are_quorum() {
  count=0
  for client in $CLIENTS; do
    etcdctl --endpoints "$client" --command-timeout=3s endpoint health >/dev/null 2>&1 || continue
    count=$((count + 1)) other=$client
  done
  [ "$count" -ge "$QUORUM" ]
}

# What the other members know of this one: `ran`, or `awaited` by members that have started and wait for it. Read from the peers' port, which
# answers without a quorum; a member that has never run has no client URL. Prints nothing when no member answers.
known_as() {
  for peer in $PEERS; do
    curl -sf -m 5 "$peer/members" | tr '{' '\n' | grep -F "\"$PEER\"" || :
  done | awk '/"clientURLs":\["/ { ran = 1 } END { if (NR) print ran ? "ran" : "awaited" }'
}

# the others may have been started just now
end=$(($(date +%s) + 60))
until others_are_quorum; do
  known=$(known_as)
  [ "$known" != awaited ] || exit 0
  if [ "$(date +%s)" -ge "$end" ]; then
    if [ "$known" ]; then
      echo "this member's data is lost, and too few of the others are healthy to add it again" >&2
    else
      echo "members with data exist, but none of them answers" >&2
    fi
    exit 1
  fi
  sleep 1
done

# it may be trying to start a new cluster
systemctl stop "$UNIT" 2>/dev/null || true

# etcd rejects changes of its members until all remaining ones have been connected for some seconds
add_member() {
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
until add_member; do
  [ "$(date +%s)" -lt "$end" ] || { echo "$other does not add this member" >&2; exit 1; }
  sleep 1
done

# remains of a start without a log: the other members send all data
rm -rf -- "$DATA/member"
echo ETCD_INITIAL_CLUSTER_STATE=existing >"$JOIN_FILE"
