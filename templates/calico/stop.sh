# shellcheck shell=sh
# Stops Calico's services, and removes its files and rules. Routes and interfaces stay: see cleanup.sh. The container is removed before. May run again
# at any time. POSIX sh, as root.
set -u

# The lab's emulator consists of systemd units; calico-bird is not the bird unit of Debian's package.
for unit in calico-felix calico-libnetwork calico-bird; do
  if systemctl cat "$unit.service" >/dev/null 2>&1; then
    systemctl disable --now --quiet "$unit.service"
    systemctl reset-failed --quiet "$unit.service" 2>/dev/null || true
  fi
done
rm -f /etc/calico/hw5-lab.env /etc/calico/hw5-lab.env.new
rm -rf /etc/calico/confd /run/calico /var/log/calico
# it is empty if calicoctl's configuration was removed first, as when dockerd did not respond
[ ! -d /etc/calico ] || rmdir --ignore-fail-on-non-empty /etc/calico
rm -f /run/docker/plugins/calico.sock /run/docker/plugins/calico-ipam.sock

# The chains cali-*, in each installed variant of iptables: the rules that jump to them, then their own rules, then the chains.
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
# The kernel releases a set some time after the last rule that uses it. One that another program's rule uses stays.
if command -v ipset >/dev/null 2>&1; then
  ipset list -n 2>/dev/null | grep '^cali' | while read -r set; do
    ipset destroy "$set" 2>/dev/null || { sleep 1 && ipset destroy "$set"; } || true
  done
fi
