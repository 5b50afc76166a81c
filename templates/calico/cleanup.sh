# shellcheck shell=sh
# Removes what Calico leaves in a machine when its node is stopped: genuine Calico keeps routes, rules and interfaces so that traffic goes on,
# and has no command to take them back. Works for Calico's container and for the lab's work-alike; doing it twice is harmless.
# POSIX sh, as root. $POOL is the containers' pool. etcd is not touched: `calicoctl delete node` is for that.
set -u

# The lab's work-alike runs as systemd units; the bird one is Calico's own, not the distribution's.
for unit in calico-felix calico-libnetwork calico-bird; do
  if systemctl cat "$unit.service" >/dev/null 2>&1; then
    systemctl disable --now --quiet "$unit.service"
    systemctl reset-failed --quiet "$unit.service" 2>/dev/null || true
  fi
done
rm -f /etc/calico/hw5-lab.env /etc/calico/hw5-lab.env.new
rm -rf /etc/calico/confd /run/calico /var/log/calico
# where calicoctl's configuration went before, as when dockerd hung
[ ! -d /etc/calico ] || rmdir --ignore-fail-on-non-empty /etc/calico
rm -f /run/docker/plugins/calico.sock /run/docker/plugins/calico-ipam.sock

# The host's ends of containers' interfaces, and Calico's tunnel address. Routes over them go with them.
for path in /sys/class/net/cali*; do
  [ -e "$path" ] && ip link delete "${path##*/}"
done
if [ -e /sys/class/net/tunl0 ]; then ip addr flush dev tunl0; fi

# BIRD's routes carry the protocol number 12, whatever name the machine gives it; blackholes are of a type of their own. Only those within the
# pool: the machine may have a BIRD of its own, and its way to us may be one of that one's routes.
for type in unicast blackhole; do
  ip -4 route flush table main proto 12 type "$type" root "$POOL" 2>/dev/null || true
done

# Chains named cali-*, in each variant of iptables that is there: first what enters them, then their rules, then they themselves.
for tool in iptables iptables-legacy iptables-nft ip6tables ip6tables-legacy ip6tables-nft; do
  command -v "$tool-save" >/dev/null 2>&1 || continue
  saved=$("$tool-save" 2>/dev/null) || continue
  case $saved in *:cali-*) ;; *) continue ;; esac
  printf '%s\n' "$saved" | awk '
    /^\*/ { table = $0; n = 0; d = 0 }
    /^:cali-/ { sub(/^:/, "", $1); chains[++n] = $1 }
    /^-A / && $2 !~ /^cali-/ && / -[jg] cali-/ { sub(/^-A /, "-D "); deletes[++d] = $0 }
    /^COMMIT/ && n > 0 {
      print table
      for (i = 1; i <= n; i++) print ":" chains[i] " - [0:0]"
      for (i = 1; i <= d; i++) print deletes[i]
      for (i = 1; i <= n; i++) print "-X " chains[i]
      print "COMMIT"
    }' | "$tool-restore" --noflush
done
if command -v ipset >/dev/null 2>&1; then
  ipset list -n 2>/dev/null | grep '^cali' | while read -r set; do ipset destroy "$set"; done
fi
exit 0
