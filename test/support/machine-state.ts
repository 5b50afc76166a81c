/**
 * A script that prints the state of a machine which `hw5 down` has to restore: files with their hashes, links, routes, firewall rules, sysctls, units,
 * containers, networks, users. It omits what changes by itself (counters, caches, logs, leases).
 */
export const MACHINE_STATE = `
export LC_ALL=C
echo '# files'; find /etc /usr/local /opt /root /home -xdev \\( -type f -o -type l \\) ! -name '*.dpkg-*' ! -path /etc/docker/key.json ! -name .bash_history -exec sha256sum {} + 2>/dev/null | sort -k2
echo '# directories'; find /etc /usr/local /var/lib /var/log -maxdepth 2 -type d ! -path '/var/log/journal/*' ! -path '/var/lib/docker/*' ! -path '/var/lib/systemd/*' ! -path '/var/lib/private*' | sort
echo '# run'; ls -d /run/hw5* /run/calico* /run/docker/plugins/* /run/bird* 2>/dev/null
echo '# links'; ip -o link | sed 's/^[0-9]*: //; s/@.*//; s/:.*//' | sort
echo '# addresses'; ip -o -4 addr | awk '{print $2, $4}' | sort
echo '# routes'; ip route | sed 's/ linkdown//' | sort
echo '# rules'; for t in iptables ip6tables; do $t-save 2>/dev/null | grep -v '^#' | sed 's/\\[[0-9]*:[0-9]*\\]//'; $t-legacy-save 2>/dev/null | grep -e '^-A' -e '^:cali-'; done
echo '# sysctl'; sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter net.ipv6.conf.default.addr_gen_mode net.ipv6.conf.default.disable_ipv6 net.ipv4.conf.host0.rp_filter net.ipv4.conf.host0.proxy_arp net.netfilter.nf_conntrack_max 2>/dev/null
echo '# enabled'; systemctl list-unit-files --state=enabled,masked --no-legend --plain | awk '{print $1, $2}' | sort
echo '# running'; systemctl list-units --type=service --state=running --no-legend --plain | awk '{print $1}' | grep -v -e '^user@' -e '^session' -e systemd-hostnamed -e systemd-timedated | sort
echo '# failed'; systemctl list-units --state=failed --no-legend --plain | awk '{print $1}'
echo '# containers'; docker ps -aq | wc -l
echo '# networks'; docker network ls --format '{{.Name}} {{.Driver}}' | sort
echo '# users'; cut -d: -f1 /etc/passwd | sort
`;
