# shellcheck shell=sh
# Prints the state of a host's firewall for hw5, which sends it behind hw5-firewall.sh: sections that begin with a line "#hw5 <what> …".
snapshot() {
  echo "#hw5 now $(now)"
  for base in iptables ip6tables; do ! exists $base || echo "#hw5 default $base $(variant $base)"; done
  dir=$(mktemp -d) || return 1
  for tool in $(tools); do
    "$tool-save" -c >"$dir/save" 2>"$dir/error" || echo "#hw5 broken $tool $(head -n 1 "$dir/error")"
    managed <"$dir/save" >>"$dir/managed"
    echo "#hw5 save $tool $(variant "$tool")"
    cat "$dir/save"
  done
  ls "$ETC/rules" >>"$dir/managed" 2>/dev/null
  echo "#hw5 fingerprint $(sha256sum <"$dir/managed" | cut -c 1-64)"
  rm -rf "$dir"
  for file in "$RUN"/rules/*; do [ ! -e "$file" ] || echo "#hw5 note ${file##*/} $(cat "$file") -"; done
  for file in "$ETC"/rules/*; do [ ! -e "$file" ] || echo "#hw5 note ${file##*/} $(cat "$file") yes"; done
  ! is_kept || echo "#hw5 boot $(systemctl is-enabled hw5-firewall.service 2>/dev/null)"
  [ ! -f "$RUN/pending/tx" ] || echo "#hw5 pending $(cat "$RUN/pending/tx")"
  echo '#hw5 addresses'
  ip -o addr
  echo '#hw5 links'
  ip -o link
}
