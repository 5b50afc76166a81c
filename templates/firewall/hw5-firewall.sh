# shellcheck shell=sh
# The firewall program on a host: POSIX sh, run as root. It only defines functions; hw5 appends the call, so a program that arrives cut off does nothing.
#
# hw5 plans a change and renders its files. This program installs them, and does by itself what must not depend on hw5 or its connection:
#   change    installs a change and starts a timer that rolls it back    confirm   keeps the change
#   revert    (timer) rolls back a change that was not confirmed         end       (timer) deletes a rule made with --for
#   boot      (unit) restores rules made with --persist                  reset     removes everything of `hw5 firewall`
#
# A state file (TOOL.back, TOOL.rules) lists a tool's managed chains in iptables-restore's syntax, and jumps to them as `-I CHAIN 1 … -j HW5-…`.
RUN=/run/hw5-firewall      # pending/: a change that waits to be confirmed; rules/ID: "ADDED ENDS|-" of a rule, in seconds since the epoch
ETC=/etc/hw5/firewall      # the same for rules that survive a reboot, and what boot restores
UNIT=/etc/systemd/system/hw5-firewall.service
BUSY=75 LATE=76 STALE=77 STUCK=78
WAIT=--wait=5              # for the lock of iptables-legacy
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

report() { printf '%s\n' "$*" >&2; }
now() { date +%s; }
exists() { command -v "$1" >/dev/null; }

# Prints the iptables commands that may hold rules. A legacy one only where the kernel has legacy tables: running it would create them.
tools() {
  for base in iptables ip6tables; do
    tables=/proc/net/ip_tables_names
    [ $base = iptables ] || tables=/proc/net/ip6_tables_names
    if exists $base-nft; then echo $base-nft; fi
    if exists $base-legacy; then
      if grep -q . $tables 2>/dev/null || [ "$(variant $base)" = legacy ]; then echo $base-legacy; fi
    elif exists $base && ! exists $base-nft; then
      echo $base
    fi
  done
}
variant() { case $("$1" -V 2>/dev/null) in *nf_tables*) echo nft ;; *) echo legacy ;; esac; }

# lock OPTION_OF_FLOCK: until the program ends. If the lock file was removed while waiting for it, the new one is locked.
lock() {
  (umask 077 && mkdir -p "$RUN/rules") || exit 1
  exec 9>"$RUN/lock"
  flock "$1" 9 || { report 'another hw5 holds the firewall lock'; exit $BUSY; }
  # shellcheck disable=SC3013 # dash has -ef
  [ "$RUN/lock" -ef /proc/self/fd/9 ] || lock "$1"
}

# Filters for iptables-save's output. A jump ends with the chain's name; a comment that mentions a chain ends with a quote.
jumps() { sed -n -e '/^-A HW5-/d' -e "s/^-A \(.* -[jg] $1[^ \"]*\)\$/\1/p"; }
table() { sed -n "/^\*$1\$/,/^COMMIT/p"; }
managed() { sed -n -e 's/^\[[0-9:]*\] //' -e '/^:HW5-/{s/ \[[0-9:]*\]$//;p;}' -e '/^-A HW5-/{p;d;}' -e '/^-A .* -[jg] HW5-[^ "]*$/p'; }

# A hash of the state on which a change is planned: a change that was planned on another state is rejected.
fingerprint() { { for tool in $(tools); do "$tool-save" 2>/dev/null | managed; done; ls "$ETC/rules" 2>/dev/null; } | sha256sum | cut -c 1-64; }

# put TOOL STATE_FILE [PREFIX]: makes the managed chains (those with the prefix) what the file says; /dev/null removes them. One transaction a table.
# It compares with the current rules, so it works on any part of a change, and changes nothing when it is repeated.
put() {
  dump=$("$1-save") && [ -r "$2" ] || return 1
  input=$(transactions "$2" "${3:-HW5-}")
  [ -z "$input" ] || printf '%s\n' "$input" | "$1-restore" --noflush --counters "$WAIT"
}
# From $dump to a state file, in iptables-restore's syntax.
transactions() {
  for name in $(printf '%s\n' "$dump" | cat - "$1" | sed -n 's/^\*//p' | sort -u); do transaction "$name" "$1" "$2"; done
}
transaction() {
  have=$(printf '%s\n' "$dump" | table "$1") want=$(table "$1" <"$2")
  chains=$(printf '%s\n' "$want" "$have" | sed -n "s/^:\($3[^ ]*\) .*/\1/p" | awk '!printed[$0]++')
  have_jumps=$(printf '%s\n' "$have" | jumps "$3")
  want_jumps=$(printf '%s\n' "$want" | sed -n 's/^-I \([^ ]*\) 1 /\1 /p')
  [ -n "$chains" ] || return 0
  echo "*$1"
  for chain in $chains; do echo ":$chain - [0:0]"; done
  printf '%s\n' "$have_jumps" | grep -vxF -e "$want_jumps" | sed -n 's/^./-D &/p'
  printf '%s\n' "$want" | grep -e '^-A ' -e '^\[[0-9:]*\] -A '
  printf '%s\n' "$want_jumps" | grep -vxF -e "$have_jumps" | sed -n 's/^\([^ ]\{1,\}\) /-I \1 1 /p'
  for chain in $chains; do case $want in *":$chain "*) ;; *) echo "-X $chain" ;; esac; done
  echo COMMIT
}
# remove_chains TOOL [PREFIX]: retries, as other tools may change rules in between. A tool whose rules cannot be read has no managed chains.
remove_chains() {
  for _ in 1 2 3 4 5; do
    put "$1" /dev/null "${2-}" && return
    "$1-save" >/dev/null 2>&1 || return 0
  done
  report "$1: the chains of hw5 could not be removed"
  return 1
}

# delete_rule ID: deletes a rule's lines from the kernel.
delete_rule() {
  failed=
  for tool in $(tools); do
    dump=$("$tool-save") && input=$(printf '%s\n' "$dump" | awk -v tag="\"hw5:$1 " '
        /^\*/ { table = $0; count = 0 }
        /^-A HW5-/ && index($0, tag) { if (!count++) print table; sub(/^-A/, "-D"); print }
        /^COMMIT/ && count') && { [ -z "$input" ] || printf '%s\n' "$input" | "$tool-restore" --noflush "$WAIT"; } ||
      last_resort "$tool" || { report "$tool: rule $1 could not be deleted"; failed=1; }
  done
  [ -z "$failed" ]
}
# strike ID FILE...: deletes a rule's lines from state files.
strike() {
  pattern="\"hw5:$1 "
  shift
  # shellcheck disable=SC2013 # the paths contain no blanks
  for state in $(grep -ls "$pattern" "$@"); do sed -i "/$pattern/d" "$state" || return 1; done
}

# until_done COMMAND...: a timer fires only once, so what it has to do is tried until it succeeds, with the lock released in between.
until_done() {
  WAIT=--wait
  lock --exclusive
  until "$@"; do
    exec 9>&-
    sleep 1
    lock --exclusive
  done
}
# last_resort TOOL: after five failures of a timer, removes all managed chains: better open than locked out.
last_resort() {
  failures=$((${failures:-0} + 1))
  [ "$WAIT" = --wait ] && [ $failures -gt 5 ] && { put "$1" /dev/null || ! "$1-save" >/dev/null; }
}

# sweep: removes what is not needed any more: chains without a rule, tables, records of rules that are gone and, with the last rule, all files.
sweep() {
  # rolling back a change may need all of them
  [ ! -f "$RUN/pending/tx" ] || return 0
  rm -rf "$RUN/pending"
  for tool in $(tools); do
    for chain in HW5-INPUT HW5-FORWARD; do "$tool-save" | grep -q "^-A $chain.*\"hw5:[0-9a-f]\{6\} " || remove_chains "$tool" $chain; done
  done
  drop_tables
  ids=$(for tool in $(tools); do "$tool-save"; done | sed -n 's/^-A HW5-.*"hw5:\([0-9a-f]\{6\}\) .*/\1/p')
  for note in "$RUN"/rules/* "$ETC"/rules/*; do
    [ ! -e "$note" ] || printf '%s\n' "$ids" | grep -qx "${note##*/}" || { strike "${note##*/}" "$ETC"/*.rules && forget "${note##*/}"; }
  done
  is_kept || forget_boot || report 'the files for the next boot could not be removed'
  [ -n "$ids" ] || rm -rf "$RUN"
}
# iptables-nft leaves empty tables behind. Deletes those that hw5 created.
drop_tables() {
  [ ! -f "$RUN/fresh" ] || sort -u "$RUN/fresh" | while read -r nft words; do
    name=${words##* } # earlier versions wrote the family, too
    dump=$("$nft-save" -t "$name" 2>/dev/null)
    # no table, or a rule, another chain or a policy in it
    if ! printf '%s\n' "$dump" | grep -q '^:' || printf '%s\n' "$dump" | grep -q -e '^-A' -e '^:[^ ]* [^A]'; then continue; fi
    case $nft in ip6*) family=10 ;; *) family=2 ;; esac
    # shellcheck disable=SC2046 # names of built-in chains
    [ "$(variant "$nft")" = legacy ] || drop_table $family "$name" $(printf '%s\n' "$dump" | sed -n 's/^:\([A-Z]*\) .*/\1/p')
  done
}
# drop_table FAMILY TABLE CHAIN...: by netlink, as iptables can delete a table only together with the rules that another tool may just have added.
# With NLM_F_NONREC, the kernel keeps a chain that has a rule, and a table that has a chain. iptables-save prints chains that do not exist: no error.
drop_table() {
  perl -e '
    my ($family, $table, @chains) = @ARGV;
    my ($request, $nonrecursive, $begin, $end, $delete_table, $delete_chain) = (1, 0x100, 16, 17, 10 << 8 | 2, 10 << 8 | 5);
    my $number = 0;
    sub attribute { pack "SSa*x!4", 5 + length $_[1], $_[0], "$_[1]\0" }
    sub message {
      my ($type, $flags, @rest) = @_;
      my $body = pack "CCna*", @rest;
      pack "LSSLLa*", 16 + length $body, $type, $flags, ++$number, 0, $body;
    }
    socket my $netlink, 16, 3, 12 or exit 1;
    sub erase {
      my ($type, $names) = @_;
      my $batch = message($begin, $request, 0, 0, 10, "") . message($type, $request | $nonrecursive, $family, 0, 0, $names) .
        message($end, $request, 0, 0, 10, "");
      send $netlink, $batch, 0, pack "SSLL", 16, 0, 0, 0;
    }
    erase($delete_chain, attribute(1, $table) . attribute(3, $_)) for @chains;
    erase($delete_table, attribute(1, $table));' "$@"
}

# store FILE: replaces its content by standard input, atomically. What is the same is not written: a full or read-only /etc affects no other change.
store() {
  cat >"$RUN/new" && { cmp -s "$RUN/new" "$1" || { cp "$RUN/new" "${1%/*}/.${1##*/}.new" && mv "${1%/*}/.${1##*/}.new" "$1"; }; }
}

# What the next boot restores, as hw5 rendered it. An empty file restores nothing; a tool that hw5 could not read keeps its file.
keep() {
  is_kept || { forget_boot; return; }
  for file in "$RUN"/pending/*.rules; do [ ! -e "$file" ] || store "$ETC/${file##*/}" <"$file" || return 1; done
  store "$ETC/hw5-firewall.sh" <"$RUN/program" && store "$UNIT" <"$RUN/pending/unit" && systemctl --quiet enable hw5-firewall.service
}
# Whether a rule survives a reboot. One that a pending change removes does not count.
is_kept() {
  for kept in "$ETC"/rules/*; do
    [ ! -e "$kept" ] || grep -qsx "drop ${kept##*/}" "$RUN/pending/notes" || return 0
  done
  return 1
}
forget_boot() {
  [ -d "$ETC" ] || [ -e "$UNIT" ] || return 0
  systemctl --quiet ${BOOTING:+--no-reload} disable hw5-firewall.service 2>/dev/null
  # records are left to sweep, which also stops their timers
  rm -f "$ETC"/*.rules "$UNIT" && { ls "$ETC"/rules/* >/dev/null 2>&1 || rm -rf "$ETC"; } && { rmdir /etc/hw5 2>/dev/null || true; }
}

# arm NAME SECONDS ARGUMENTS: calls this program again later.
arm() {
  timer=hw5-firewall-$1 seconds=$2
  shift 2
  disarm "${timer#hw5-firewall-}"
  systemd-run --quiet --collect --no-block --unit="$timer" --on-active="$seconds" --timer-property=AccuracySec=100ms \
    --property=Restart=on-failure --property=RestartSec=1 /bin/sh "$RUN/program" "$@" 9>&-
}
disarm() {
  systemctl --quiet stop "hw5-firewall-$1.timer" 2>/dev/null
  systemctl --quiet reset-failed "hw5-firewall-$1.service" 2>/dev/null || true
}

# settle: records what the notes of a change say: "set ID SECONDS|- yes|-" (its end, whether it survives a reboot; -: as before). Records of the rules
# that it removes ("drop ID") are left to sweep: until the change is confirmed it may be rolled back, and then the rule has to end as before.
settle() {
  while read -r verb id seconds kept; do
    [ "$verb" = drop ] || record "$id" "$seconds" "$kept" || return 1
  done <"$RUN/pending/notes"
}
record() {
  old=$(cat "$ETC/rules/$1" "$RUN/rules/$1" 2>/dev/null | head -n 1)
  old=${old:-$(now) -} ends=${old#* } to=$ETC/rules
  [ "$2" = - ] || ends=$(($(now) + $2))
  [ "$3" = yes ] || [ -e "$ETC/rules/$1" ] || to=$RUN/rules
  mkdir -p "$to" && echo "${old%% *} $ends" | store "$to/$1" || return 1
  [ "$to" = "$RUN/rules" ] || rm -f "$RUN/rules/$1"
  [ "$2" = - ] || arm "end-$1" "$2" end "$1" "$ends"
}
forget() { rm -f "$ETC/rules/$1" "$RUN/rules/$1" && disarm "end-$1"; }

is_pending() { [ -f "$RUN/pending/tx" ] && read -r tx deadline <"$RUN/pending/tx" && [ "$tx" = "${1:-$tx}" ]; }
# Whether its timer did not fire.
is_overdue() { is_pending && [ "$(now)" -gt $((deadline + 5)) ]; }
# undo: restores the managed chains as they were before the pending change, of which only a part may be installed.
undo() {
  failed=
  for file in "$RUN"/pending/*.back; do
    tool=$(basename "$file" .back)
    [ ! -e "$file" ] || put "$tool" "$file" || last_resort "$tool" || failed=1
  done
  [ -z "$failed" ]
}
roll_back() { undo && rm -rf "$RUN/pending" && sweep; }
# feed OPTION: gives every tool its part of the change.
feed() {
  for file in "$RUN"/pending/*.forward; do
    tool=$(basename "$file" .forward)
    [ ! -e "$file" ] || "$tool-restore" --noflush "$WAIT" "$1" <"$file" || return 1
  done
}

# change TX SECONDS FINGERPRINT: installs a change, to be rolled back after SECONDS. 0: a strict one, which is not confirmed; its rule ends by itself.
change() {
  if is_pending; then
    ! is_overdue || ! roll_back || { report 'another change, which was not confirmed, has been rolled back first'; exit $STALE; }
    report "another change waits to be confirmed until $(date -d "@$deadline" +%T)"
    exit $BUSY
  fi
  [ "$(fingerprint)" = "$3" ] || { report 'the rules have changed since they were read'; exit $STALE; }
  if ! { rm -rf "$RUN/pending" && mkdir "$RUN/pending" && receive && cat "$RUN/pending/fresh" >>"$RUN/fresh" &&
    printf '%s\nhw5_firewall "$@"\n' "$PROGRAM" | store "$RUN/program"; }; then
    # they may fill a disk
    sweep
    exit 1
  fi
  code=0
  # the timer first: from here on the host undoes the change also if this program is killed
  if [ "$2" = 0 ]; then settle; else arm "revert-$1" "$2" revert "$1" && echo "$1 $(($(now) + $2))" | store "$RUN/pending/tx"; fi &&
    feed --test || code=1
  [ $code = 1 ] || feed --counters || { undo && code=1 || code=$STUCK; }
  [ $code != $STUCK ] || report 'a part of the change is installed and could not be removed yet'
  [ $code != 1 ] || { disarm "revert-$1"; rm -f "$RUN/pending/tx"; }
  [ "$code$2" != 00 ] || keep || report 'what the next boot restores could not be written'
  sweep
  exit $code
}
confirm() {
  is_pending "$1" || { sweep; report 'too late: the host has rolled the change back'; exit $LATE; }
  if settle && keep; then
    # from here on it is confirmed: the timer only sweeps, if this program is killed
    rm -f "$RUN/pending/tx"
    sweep
    disarm "revert-$1"
  else
    report 'the files that belong to the change could not be written: it is rolled back'
    ! roll_back || disarm "revert-$1"
    exit 1
  fi
}
revert() { if is_pending "$1"; then roll_back; else sweep; fi; }

# end ID ENDS
end() {
  # a pending change gives the rule another end: first it has to be confirmed or rolled back
  ! is_pending || ! grep -q "^set $1 " "$RUN/pending/notes" || { ! is_overdue || roll_back; return 1; }
  # a rule that was prolonged has another timer; one whose record was lost ends. The clock does not matter, as it may have been set
  ends=$(cat "$RUN/rules/$1" "$ETC/rules/$1" 2>/dev/null | head -n 1)
  [ -z "$ends" ] || [ "${ends#* }" = "${2-${ends#* }}" ] || return 0
  # neither confirming nor rolling back a pending change may bring the rule back
  strike "$1" "$RUN"/pending/*.back "$RUN"/pending/*.rules && delete_rule "$1" && sweep
}

boot() {
  BOOTING=yes code=0
  cp "$ETC/hw5-firewall.sh" "$RUN/program"
  for file in "$ETC"/*.rules; do
    tool=$(basename "$file" .rules)
    if [ ! -s "$file" ] || "$tool-save" | grep -q '^:HW5-'; then continue; fi
    # Docker, which starts later, uses the chain if it exists
    ! grep -q '^-I DOCKER-USER ' "$file" || "$tool" "$WAIT" -N DOCKER-USER 2>/dev/null
    sed -n "s/^\*/$tool /p" "$file" >>"$RUN/fresh"
    put "$tool" "$file" || code=1
  done
  for file in "$ETC"/rules/*; do
    if ! read -r added ends <"$file" || [ "$ends" = - ]; then continue; fi
    id=${file##*/} left=$((ends - $(now)))
    # the clock may be in the past: no longer than the rule was made for
    [ $left -le $((ends - added)) ] || left=$((ends - added))
    if [ $left -gt 0 ] || ! delete_rule "$id"; then arm "end-$id" $((left > 0 ? left : 1)) end "$id" "$ends"; fi
  done
  [ $code = 1 ] || sweep
  exit $code
}

reset() {
  left=
  for tool in $(tools); do remove_chains "$tool" || left=1; done
  # what is left needs its timers
  [ -z "$left" ] || exit 1
  systemctl --quiet stop 'hw5-firewall-*.timer' 2>/dev/null
  # the unit first: no boot may restore a rule whose record, and with it its end, is deleted
  forget_boot
  rm -rf "$RUN/pending" "$RUN/rules" "$ETC/rules"
  sweep
}

hw5_firewall() {
  case $1 in
    # Ctrl-C and the end of the connection must not stop them half-way
    change | confirm | reset | boot) trap '' HUP INT PIPE TERM; lock --wait=30; "$@" ;;
    revert | end) until_done "$@" ;;
    *) "$@" ;;
  esac
}
