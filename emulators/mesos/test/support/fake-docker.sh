#!/bin/sh
# Replaces docker in tests. Containers are processes, and their state is in $FAKE_DOCKER. Every command line is appended to $FAKE_DOCKER/log.
: "${FAKE_DOCKER:=$(dirname "$0")}"
echo "$*" >> "$FAKE_DOCKER/log"
shift 2 # -H unix://…
action=$1; shift
state() { echo "$FAKE_DOCKER/containers/$1"; }
# wait_for_exit DIR: waits until a container exits. Gives up when a test has removed its directory.
wait_for_exit() { while [ ! -e "$1/code" ]; do [ -d "$1" ] || exit 1; sleep 0.05; done; }
case $action in
  --version) echo 'Docker version 20.10.24+dfsg1, build 297e128' ;;
  inspect)
    type=$1; name=$2
    if [ "$type" = --type=image ]; then
      [ -e "$FAKE_DOCKER/images/$name" ] && echo '[{}]' && exit 0
      echo "Error: No such image: $name" >&2; exit 1
    fi
    d=$(state "$name")
    [ -d "$d" ] || { echo "Error: No such container: $name" >&2; exit 1; }
    # A test creates the file `cut` to get an incomplete output once.
    rm "$FAKE_DOCKER/cut" 2>/dev/null && printf '[{"State": ' && exit 0
    started='0001-01-01T00:00:00Z'; running=false; code=0
    [ -e "$d/pid" ] && started='2026-11-22T10:57:01.968860576Z' && running=true
    [ -e "$d/code" ] && running=false && code=$(cat "$d/code")
    pid=$(cat "$d/pid" 2>/dev/null || echo 0)
    net=$(cat "$d/net"); ip=$(cat "$d/ip")
    printf '[{"Name": "/%s", "State": {"Running": %s, "StartedAt": "%s", "ExitCode": %s, "Pid": %s}, "NetworkSettings": {"Networks": {"%s": {"IPAddress": "%s"}}}}]\n' \
      "$name" "$running" "$started" "$code" "$pid" "$net" "$ip" ;;
  pull) echo "Error response from daemon: no route to the registry" >&2; exit 1 ;;
  run)
    net=bridge; ip=; shell=
    while [ $# -gt 0 ]; do
      case $1 in
        --cpu-shares | --memory | -e | -v | -p | --hostname | --cpu-quota) shift ;;
        --net) net=$2; shift ;;
        --name) name=$2; shift ;;
        --entrypoint) shell=$2; shift ;;
        --ip=*) ip=${1#--ip=} ;;
        --nosuchflag=*) echo "unknown flag: --nosuchflag" >&2; exit 125 ;;
        --*=*) ;;
        *) break ;;
      esac
      shift
    done
    shift # the image
    [ "$net" = nosuchnet ] && { echo "network nosuchnet not found" >&2; exit 125; }
    # The directory is renamed when it is complete. Names that begin with a dot are not containers.
    d=$(state "$name"); new=$(state ".$name"); mkdir -p "$new"; echo "$net" > "$new/net"; echo "$ip" > "$new/ip"; mv "$new" "$d"
    # As with docker, the container is not a child of the client and survives it. Its pid is also the id of its session.
    # shellcheck disable=SC2086 # $shell is /bin/sh or nothing
    setsid sh -c '
      d=$1; shift
      setsid sh -c '\''echo $$ > "$0/pid.new"; mv "$0/pid.new" "$0/pid"; exec "$@"'\'' "$d" "$@" &
      wait $!; code=$?
      echo $code > "$d/code.new"; mv "$d/code.new" "$d/code"' container "$d" $shell "$@" &
    wait_for_exit "$d"
    exit "$(cat "$d/code")" ;;
  wait)
    d=$(state "$1"); [ -d "$d" ] || exit 1
    wait_for_exit "$d"
    cat "$d/code" ;;
  stop)
    name=$3; d=$(state "$name"); [ -e "$d/pid" ] || { echo "No such container: $name" >&2; exit 1; }
    [ -e "$d/code" ] && exit 0
    kill -TERM "-$(cat "$d/pid")" 2>/dev/null
    # A second of the grace period lasts a tenth of a second, to save time.
    i=0; while [ ! -e "$d/code" ] && [ $i -lt $(($2 * 2)) ]; do sleep 0.05; i=$((i + 1)); done
    [ -e "$d/code" ] || kill -KILL "-$(cat "$d/pid")"
    wait_for_exit "$d" ;;
  exec) shift; exec "$@" ;;
  ps)
    # A test creates the file `down` to stop the daemon.
    [ -e "$FAKE_DOCKER/down" ] && { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
    # shellcheck disable=SC2012 # the names are those of containers
    ls "$FAKE_DOCKER/containers" 2>/dev/null | while read -r n; do [ -e "$(state "$n")/code" ] || echo "$n"; done ;;
  rm)
    for name in "$@"; do :; done
    d=$(state "$name"); [ -e "$d/pid" ] && [ ! -e "$d/code" ] && kill -KILL "-$(cat "$d/pid")"
    rm -rf "$d" ;;
  logs)
    for name in "$@"; do :; done
    while [ -d "$(state "$name")" ] && [ ! -e "$(state "$name")/code" ]; do sleep 0.1; done ;;
  version) echo fake ;;
  *) echo "fake docker: unknown command $action" >&2; exit 64 ;;
esac
