# shellcheck shell=sh
# Prints log files that a program writes itself, as journalctl would: `2026-01-01T12:00:00.12345+0000 NAME: text`, where NAME is the file's directory.
# $LINES is the number of lines at most, $SINCE a time in seconds since 1970 (or 0), $FOLLOW 1 to continue; the arguments are the files. POSIX sh.
# Their lines start with `2026-01-01_12:00:00.12345` (svlogd) or `2026-01-01 12:00:00.123` (Felix), in UTC; others continue the line before.
export LC_ALL=C
since=$(date -u -d "@$SINCE" +%FT%T)

name_of() {
  name=${1%/*}
  name=${name##*/}
}

# Not in awk: mawk reads a pipe in blocks, so that lines that are followed would come late.
with_time() {
  time=
  while IFS= read -r line; do
    case $line in
      '') continue ;;
      '==> '*' <==')
        name_of "$line"
        continue
        ;;
      [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]_[0-9][0-9]:*) time=${line%%_*}T line=${line#*_} ;;
      [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' '[0-9][0-9]:*) time=${line%% *}T line=${line#* } ;;
    esac
    case $time in *T) time=$time${line%% *} line=${line#* } ;; esac
    # shellcheck disable=SC3012 # dash has it
    [ "$time" \< "$since" ] || printf '%s+0000 %s: %s\n' "$time" "$name" "$line"
  done
}

for file; do
  name_of "$file"
  tail -n "$LINES" "$file" | with_time
done | sort -s -k 1,1 | tail -n "$LINES"
[ "$FOLLOW" != 1 ] || tail -v -n 0 -F "$@" 2>/dev/null | with_time
