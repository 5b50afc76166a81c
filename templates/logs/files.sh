# shellcheck shell=sh
# Prints the log of a component whose services write files: main (a function: its container's output or its units' journal) and $FILES (a pattern
# of paths DIRECTORY/SERVICE/current), merged by time. POSIX sh, as root.
# $LINES: how many of the newest lines. $SINCE: a date for `date`, or empty. $FOLLOW: not empty to continue until the process is killed.

# Begins each entry with its time and the service's name. Formats: runit's svlogd, Felix, logrus.
entries() {
  sed -u -E "s/^([0-9]{4}-[0-9]{2}-[0-9]{2})[_T ]([0-9:]{8})(\.[0-9]+)?Z?:? +/\1T\2\3Z $1: /
    s/^time=\"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})(\.[0-9]+)?Z\" +/\1\2Z $1: /"
}

# Puts each line's time in front, with nine digits after the point, and a tab; a line without one gets that of the line before.
with_time() {
  awk -v since="$since" '
    /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/ {
      match($0, /^[-0-9]*T[0-9:]*(\.[0-9]*)?/)
      time = substr($0, 1, RLENGTH)
      if (length(time) == 19) time = time "."
      while (length(time) < 29) time = time "0"
    }
    time >= since { print time "\t" $0 }'
}

service() { basename "$(dirname "$1")"; }

TZ=UTC
export TZ
since=
[ -z "$SINCE" ] || since=$(date -d "$SINCE" +%Y-%m-%dT%H:%M:%S) || exit
if [ -n "$FOLLOW" ]; then
  (main) &
  for file in $FILES; do
    [ -e "$file" ] || continue
    lines=$LINES
    if [ -n "$since" ]; then
      newer=$(entries x <"$file" | with_time | wc -l)
      [ "$newer" -ge "$lines" ] || lines=$newer
    fi
    tail -n "$lines" -F "$file" 2>/dev/null | entries "$(service "$file")" &
  done
  wait
  exit
fi
of_main=$(main) || exit
{
  # the journal and Docker have chosen by time themselves
  printf '%s\n' "$of_main" | since='' with_time
  for file in $FILES; do
    [ -e "$file" ] || continue
    name=$(service "$file")
    entries "$name" <"$file" | with_time
  done
} | sort -s -t "$(printf '\t')" -k1,1 | tail -n "$LINES" | cut -f2-
