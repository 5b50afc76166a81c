# shellcheck shell=sh
# Starts a container on the Docker network $NETWORK, and removes it. $NAME is its name, and that of its image. POSIX sh, as root.

remove() {
  docker rm -f "$NAME" >/dev/null 2>&1
  # a container that could not be started may leave its endpoint
  docker network disconnect -f "$NETWORK" "$NAME" >/dev/null 2>&1
  docker rmi -f "$NAME" >/dev/null 2>&1
  true
}

# The image is /bin/true with its libraries: nothing is downloaded, and the cluster's own images may not have been built yet.
make_image() {
  { echo /bin/true && ldd /bin/true | grep -o '/[^ )]*'; } | sed 's,^/,,' | tar -chf - -C / -T - | docker import - "$NAME" >/dev/null
}

# Each argument is a list of addresses, of which the first free one is used; with an empty list Calico chooses one.
prove() {
  trap remove EXIT
  trap 'exit 1' HUP INT PIPE TERM
  remove
  make_image || exit 1
  for addresses; do
    for address in ${addresses:-any}; do
      ip=${address#any}
      error=$(docker run --rm --name "$NAME" --network "$NETWORK" ${ip:+"--ip=$ip"} "$NAME" /bin/true 2>&1 </dev/null) && continue 2
      case $error in *'already assigned'* | *'already in use'*) docker rm -f "$NAME" >/dev/null 2>&1 ;; *) break ;; esac
    done
    printf '%s\n' "$error" >&2
    # the link-local address of the veth, which it should not have
    case $error in *fe80:*) sysctl -e net.ipv6.conf.default.addr_gen_mode net.ipv6.conf.default.disable_ipv6 >&2 ;; esac
    exit 1
  done
}
