# Makes a place for a member that has no data among those that run. Its old self, if there was one, is taken out first: etcd lets nobody in twice.
# POSIX sh, as root. $UNIT, $NAME, $PEER (our URL), $OTHERS (the other members' client URLs), $DATA, $JOIN_FILE; $HAS_QUORUM: `yes` when
# enough of the others have data. Fewer have begun and wait for this one to begin with them, or a quorum has lost its data.
set -e
export ETCDCTL_API=3
# its attempts to begin anew
systemctl stop "$UNIT" 2>/dev/null || true

if [ -z "$HAS_QUORUM" ]; then
  for other in $OTHERS; do
    # answered without a quorum, from what the member remembers; one that never ran has no client URL
    curl -sf -m 5 "$other/v2/members" | tr '{' '\n' | grep -F "\"$PEER\"" | grep -q '"clientURLs":\["' || continue
    echo "this member's data is gone, and too few of the others have theirs to let it in again" >&2
    exit 1
  done
  exit 0
fi

healthy() {
  for other in $OTHERS; do
    etcdctl --endpoints "$other" --command-timeout=3s endpoint health >/dev/null 2>&1 && return 0
  done
  return 1
}
# they may have been started a moment ago
end=$(($(date +%s) + 60))
until healthy; do
  [ "$(date +%s)" -lt "$end" ] || { echo "none of $OTHERS has a healthy quorum" >&2; exit 1; }
  sleep 1
done

members=$(etcdctl --endpoints "$other" --command-timeout=5s member list)
# id, status, name, peer URL, client URL, learner: one that never ran has no client URL
id=$(printf '%s\n' "$members" | awk -F ', ' -v peer="$PEER" '$4 == peer { print $1 }')
client=$(printf '%s\n' "$members" | awk -F ', ' -v peer="$PEER" '$4 == peer { print $5 }')
if [ "$id" ] && [ "$client" ]; then
  etcdctl --endpoints "$other" --command-timeout=10s member remove "$id"
  id=
fi
[ "$id" ] || etcdctl --endpoints "$other" --command-timeout=10s member add "$NAME" --peer-urls="$PEER"
# what a start without its log left: the others send all of it
rm -rf -- "$DATA/member"
echo ETCD_INITIAL_CLUSTER_STATE=existing >"$JOIN_FILE"
