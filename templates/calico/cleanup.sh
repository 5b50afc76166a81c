# shellcheck shell=sh
# Removes what Calico leaves on a host when its node is stopped: it keeps routes and interfaces, so that traffic continues, and has no command to
# remove them. For Calico's container and for the lab's emulator; may run again at any time, after stop.sh.
# POSIX sh, as root. $POOL is the containers' pool. Nothing is changed in etcd: `calicoctl delete node` does that.

# The host's ends of the containers' veth pairs, and the addresses of Calico's tunnel. The kernel removes the routes over them.
for path in /sys/class/net/cali*; do
  [ -e "$path" ] && ip link delete "${path##*/}"
done
if [ -e /sys/class/net/tunl0 ]; then ip addr flush dev tunl0; fi

# BIRD's routes have the protocol number 12, whose name depends on the host; blackholes are another type of route. Only routes within the pool:
# the host may run another BIRD, and the route to the controller may be one of its routes.
for type in unicast blackhole; do
  ip -4 route flush table main proto 12 type "$type" root "$POOL" 2>/dev/null || true
done
exit 0
