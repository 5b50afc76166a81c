# hw5's hand on a host, as root, POSIX sh. Everything is a function, and the last line calls one: a program that arrives cut off does nothing.
#
# /run/hw5-firewall/pending/   a change that nobody has confirmed yet, and how to take it back
# /run/hw5-firewall/rules/ID   when a rule was made and when it ends; /etc/hw5/firewall/rules/ID for those that outlive a reboot
# /etc/hw5/firewall/TOOL.rules what the unit hw5-firewall.service restores at boot
# What the rules are stands in the kernel, in their comments.

RUN=/run/hw5-firewall
ETC=/etc/hw5/firewall
UNIT=/etc/systemd/system/hw5-firewall.service
BUSY=75 LATE=76 STALE=77 STUCK=78
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

# store FILE: makes what it reads the file's content, whole or not at all, and writes only what is new.
store() {
  cat >"$RUN/new" && { cmp -s "$RUN/new" "$1" || { cp "$RUN/new" "${1%/*}/.${1##*/}.new" && mv "${1%/*}/.${1##*/}.new" "$1"; }; }
}

say() { printf '%s\n' "$*" >&2; }
now() { date +%s; }

# One at a time. Whoever waited for a lock whose folder went away meanwhile takes the new one. A timer comes once only: it waits without an end.
lock() {
  while :; do
    (umask 077 && mkdir -p "$RUN/rules") || exit 1
    exec 9>"$RUN/lock"
    flock ${1:--w 30} 9 || { say 'another hw5 holds the firewall lock'; exit $BUSY; }
    [ "$RUN/lock" -ef /proc/self/fd/9 ] && return
  done
}

# Every iptables that may hold rules here: "TOOL FAMILY VARIANT" a line. The legacy one is asked only when the kernel has legacy tables, for
# asking would make them.
tools() {
  for family in 4 6; do
    base=iptables tables=/proc/net/ip_tables_names
    [ $family = 4 ] || { base=ip6tables tables=/proc/net/ip6_tables_names; }
    if command -v $base-nft >/dev/null || command -v $base-legacy >/dev/null; then
      command -v $base-nft >/dev/null && echo "$base-nft $family nft"
      command -v $base-legacy >/dev/null && { grep -q . $tables 2>/dev/null || [ "$(variant $base)" = legacy ]; } &&
        echo "$base-legacy $family legacy"
    elif command -v $base >/dev/null; then
      echo "$base $family $(variant $base)"
    fi
  done
}
variant() { case $("$1" -V 2>/dev/null) in *nf_tables*) echo nft ;; *) echo legacy ;; esac; }
tool_names() { tools | cut -d ' ' -f 1; }
# Somebody may hold the lock of the legacy variant. A timer waits for it as long as it takes: WAIT=-w.
WAIT='-w 5'
restore() { "$1-restore" --noflush --counters $WAIT; }

# For awk: a line without its quoted words. What somebody writes into a comment is no target.
BARE='function bare(line) { gsub(/"([^"\\]|\\.)*"/, "", line); return line }'

# Our part of a dump, without counters: what a change was planned on.
own() {
  awk "$BARE"'
    { sub(/ \[[0-9:]*\]$/, ""); sub(/^\[[0-9:]*\] /, "") }
    /^:HW5-/ || /^-A HW5-/ || (/^-A / && bare($0) ~ / -[jg] HW5-/)'
}
fingerprint() { for tool in $(tool_names); do "$tool-save" 2>/dev/null | own; done | sha256sum | cut -c 1-64; }

# put TOOL FILE [PREFIX]: makes our ground (of it what begins with PREFIX) what a restore file says: one transaction a table, and nothing of anybody
# else's is named. It starts from what is there now: done twice, or after the half of a change, it comes to the same. /dev/null takes all out.
put() {
  "$1-save" >"$RUN/now.$1" && way_to "$2" "${3:-HW5-}" <"$RUN/now.$1" >"$RUN/put.$1" &&
    { [ ! -s "$RUN/put.$1" ] || restore "$1" <"$RUN/put.$1"; }
  put_code=$?
  rm -f "$RUN/now.$1" "$RUN/put.$1"
  return $put_code
}

# way_to FILE PREFIX: from the dump that it reads to what the file says, in the words of iptables-restore. Ways in that stay are not touched.
way_to() {
  awk -v prefix="$2" "$BARE"'
    /^\*/ { table = $0; if (!known[table]++) tables[++n] = table }
    part == "to" && /^:/ { wanted[table, $1] = 1; chains[table] = chains[table] $1 " - [0:0]\n" }
    part == "to" && /^(\[[0-9:]*\] )?-A / { lines[table] = lines[table] $0 "\n" }
    part == "to" && /^-I / { from = $2; sub(/^-I [^ ]+ 1 /, from " "); way_in[table, ++ways_in[table]] = $0 }
    part == "now" && /^:/ && index($1, ":" prefix) == 1 && !wanted[table, $1] {
      chains[table] = chains[table] $1 " - [0:0]\n"
      gone[table] = gone[table] "-X " substr($1, 2) "\n"
    }
    part == "now" && /^-A / && index($2, "HW5-") != 1 && bare($0) ~ " -[jg] " prefix {
      there[table, substr($0, 4)]++
      jump[table, ++jumps[table]] = substr($0, 4)
    }
    END {
      for (i = 1; i <= n; i++) {
        table = tables[i]; ins = del = ""
        for (j = 1; j <= ways_in[table]; j++) {
          line = way_in[table, j]
          if (there[table, line]-- > 0) continue
          from = line; sub(/ .*/, "", from)
          ins = ins "-I " from " 1 " substr(line, length(from) + 2) "\n"
        }
        for (j = 1; j <= jumps[table]; j++) if (there[table, jump[table, j]]-- > 0) del = del "-D " jump[table, j] "\n"
        if (chains[table] del ins != "") print table "\n" chains[table] del lines[table] ins gone[table] "COMMIT"
      }
    }' part=to "$1" part=now -
}

# Takes our chains and the ways into them out, those whose name starts with $2 (default: all). A tool that does not answer has nothing to clear.
teardown() {
  tries=0
  until put "$1" /dev/null "${2-}"; do
    "$1-save" >/dev/null 2>&1 || return 0
    tries=$((tries + 1))
    [ $tries -lt 5 ] || { say "$1 could not be cleared"; return 1; }
    sleep 1
  done
}

# insist COMMAND...: what a timer has to do is tried, under the lock, until it is done, for the timer comes only once.
insist() {
  WAIT=-w
  lock -x
  until "$@"; do
    exec 9>&-
    sleep 1
    lock -x
  done
}
# The last resort, when the kernel has refused several times what would be exact: no rule of ours at all, for being open is the safe side of being
# locked out. A tool that does not even answer holds nothing that could be worked with.
last_resort() {
  refused=$((${refused:-0} + 1))
  [ $refused -gt 5 ] && [ "$WAIT" = -w ] && { put "$1" /dev/null || ! "$1-save" >/dev/null; }
}

# Deletes the lines of one rule.
delete_rule() {
  left=0
  for tool in $(tool_names); do
    "$tool-save" >"$RUN/now.$tool" && awk -v tag="\"hw5:$1 " '
      /^\*/ { table = $0; n = 0 }
      /^-A HW5-/ && index($0, tag) { sub(/^-A/, "-D"); line[n++] = $0 }
      /^COMMIT/ && n { print table; for (i = 0; i < n; i++) print line[i]; print "COMMIT" }' <"$RUN/now.$tool" >"$RUN/delete.$tool" &&
      { [ ! -s "$RUN/delete.$tool" ] || restore "$tool" <"$RUN/delete.$tool"; } ||
      last_resort "$tool" || { say "$tool: rule $1 could not be deleted"; left=1; }
    rm -f "$RUN/now.$tool" "$RUN/delete.$tool"
  done
  return $left
}

# Ids of the rules that stand in the kernel.
rule_ids() {
  for tool in $(tool_names); do "$tool-save"; done | sed -n 's/^-A HW5-.*"hw5:\([0-9a-f]\{6\}\) .*/\1/p' | sort -u
}
# Whether a chain and those behind it hold a rule, and not only the failsafe.
holds_rules() { "$1-save" | grep -q "^-A $2.*\"hw5:[0-9a-f]\{6\} "; }

# After any change: chains without a rule go, then notes about rules that are no more, then, when nothing is left, all files. While a change waits
# all of it stays: whoever takes the change back needs it, and sweeps then.
sweep() {
  [ ! -f "$RUN/pending/tx" ] || return 0
  # what somebody who was killed had only begun to write
  rm -rf "$RUN/pending"
  for tool in $(tool_names); do
    for prefix in HW5-INPUT HW5-FORWARD; do holds_rules "$tool" $prefix || teardown "$tool" $prefix; done
    empty_tables "$tool"
  done
  ids=$(rule_ids)
  for note in "$RUN"/rules/* "$ETC"/rules/*; do
    [ -e "$note" ] || continue
    case " $(echo $ids) " in *" ${note##*/} "*) ;; *) disarm "end-${note##*/}"; rm -f "$note" ;; esac
  done
  keep || say 'what the next boot restores could not be written'
  [ "$ids" ] || rm -rf "$RUN"
}

# Tables that were not there before us are taken away again, where nobody else has used them since: iptables-nft leaves them behind, empty.
# (The legacy variant's can only go with their kernel module.)
empty_tables() {
  [ -f "$RUN/fresh" ] || return 0
  grep "^$1 " "$RUN/fresh" | sort -u | while read -r tool family table; do
    [ "$(variant "${tool%%-*}")" = nft ] || continue
    "$tool-save" -t "$table" 2>/dev/null | awk '/^:/ && $2 != "ACCEPT" || /-A/ { used = 1 } /^:/ { n++ } END { exit used || !n }' || continue
    drop_table "$family" "$table" $("$tool-save" -t "$table" | sed -n 's/^:\([A-Z]*\) .*/\1/p')
  done
  return 0
}

# drop_table FAMILY TABLE CHAIN...: iptables has no command for it, and the one of nftables may not be there; Perl always is, and can speak netlink
# (struct nlmsghdr, nfgenmsg and nlattr). The flag NLM_F_NONREC makes the kernel refuse a chain that is not empty, and a table that has one.
# iptables-nft-save shows chains that do not exist: their refusal means nothing.
drop_table() {
  perl -e '
    my ($family, $table, @chains) = @ARGV;
    $family = $family == 4 ? 2 : 10;
    my ($request, $acknowledged, $not_recursive) = (1, 4, 0x100);
    my ($subsystem, $delete_chain, $delete_table) = (10, 5, 2);
    my $number = 1;
    sub attribute { my $size = 4 + length $_[1]; pack("SS", $size, $_[0]) . $_[1] . "\0" x (-$size % 4) }
    sub message {
      my ($type, $flags, $family, $resource, $body) = @_;
      my $load = pack("CCn", $family, 0, $resource) . $body;
      pack("LSSLL", 16 + length $load, $type, $flags, $number++, 0) . $load;
    }
    socket(my $netlink, 16, 3, 12) or exit 1;
    sub delete_it {
      my ($what, @names) = @_;
      my $body = join "", @names;
      my $batch = message(0x10, $request, 0, $subsystem, "")
        . message($subsystem << 8 | $what, $request | $acknowledged | $not_recursive, $family, 0, $body)
        . message(0x11, $request, 0, $subsystem, "");
      send($netlink, $batch, 0, pack("SSLL", 16, 0, 0, 0)) or exit 1;
    }
    delete_it($delete_chain, attribute(1, "$table\0"), attribute(3, "$_\0")) for @chains;
    delete_it($delete_table, attribute(1, "$table\0"));' "$@" 2>/dev/null
}

# note_fresh TOOL FILE: which of the tables that a restore file names are not there yet.
note_fresh() {
  case $1 in ip6*) family=6 ;; *) family=4 ;; esac
  "$1-save" | sed -n 's/^\*//p' >"$RUN/tables"
  sed -n 's/^\*//p' "$2" | while read -r table; do
    grep -qx "$table" "$RUN/tables" || echo "$1 $family $table"
  done >>"$RUN/fresh"
  rm -f "$RUN/tables"
}

# Makes what the next boot restores: the failsafe and the rules to keep, in the kernel's own words. Nothing to keep: no trace. Fails when it cannot.
keep() {
  kept=$(ls "$ETC/rules" 2>/dev/null)
  if [ ! "$kept" ]; then
    [ -d "$ETC" ] || [ -e "$UNIT" ] || return 0
    systemctl --quiet --no-reload disable hw5-firewall.service 2>/dev/null
    rm -rf "$ETC" "$UNIT" || return 1
    rmdir /etc/hw5 2>/dev/null
    reload
    return 0
  fi
  for tool in $(tool_names); do
    # one that does not answer keeps what it had
    "$tool-save" >"$RUN/now.$tool" || continue
    awk -v kept=" $(echo $kept) " "$BARE"'
      function tag() { return match($0, /"hw5:[^ "]*/) ? substr($0, RSTART + 5, RLENGTH - 5) : "" }
      /^\*/ { table = $0; n = m = j = 0 }
      /^:HW5-/ { chain[n++] = $1 }
      /^-A HW5-/ { t = tag(); if (t == "" || t == "failsafe" || index(kept, " " t " ")) line[m++] = $0 }
      /^-A / && !/^-A HW5-/ && bare($0) ~ / -[jg] HW5-/ { from = $2; sub(/^-A [^ ]* /, ""); jump[j++] = "-I " from " 1 " $0 }
      /^COMMIT/ && n {
        print table
        for (i = 0; i < n; i++) print chain[i] " - [0:0]"
        for (i = 0; i < m; i++) print line[i]
        for (i = j - 1; i >= 0; i--) print jump[i]
        print "COMMIT"
      }' <"$RUN/now.$tool" >"$RUN/kept" || return 1
    if [ -s "$RUN/kept" ]; then store "$ETC/$tool.rules" <"$RUN/kept" || return 1; else rm -f "$ETC/$tool.rules" || return 1; fi
    rm -f "$RUN/now.$tool" "$RUN/kept"
  done
  store "$ETC/hw5-firewall.sh" <"$RUN/program" || return 1
  store "$UNIT" <<UNIT || return 1
[Unit]
Description=hw5: firewall rules that outlive a reboot
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service netfilter-persistent.service nftables.service ufw.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh $ETC/hw5-firewall.sh boot

[Install]
WantedBy=multi-user.target
UNIT
  # booting, systemd has just started it
  [ "${BOOTING-}" ] || systemctl --quiet is-enabled hw5-firewall.service 2>/dev/null || systemctl --quiet enable hw5-firewall.service
}
# Not from within the unit itself, while systemd is booting.
reload() { [ "${BOOTING-}" ] || systemctl daemon-reload 2>/dev/null; }

# arm NAME SECONDS ARGUMENTS: this program again, later, whatever becomes of whoever asked for it.
arm() {
  name=$1 seconds=$2
  shift 2
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    disarm "$name"
    systemd-run --quiet --collect --no-block --unit="hw5-firewall-$name" --on-active="$seconds" \
      --timer-property=AccuracySec=100ms /bin/sh "$RUN/program" "$@" 9>&- && return 0
  fi
  # hw5 ends by this mark in the environment what it started; this must live on
  HW5_EXEC= setsid env -u HW5_EXEC sh -c 'sleep "$1"; shift; exec sh "$@"' sh "$seconds" "$RUN/program" "$@" \
    </dev/null >/dev/null 2>&1 9>&- &
}
disarm() {
  [ -d /run/systemd/system ] || return 0
  systemctl --quiet stop "hw5-firewall-$1.timer" 2>/dev/null
  systemctl --quiet reset-failed "hw5-firewall-$1.service" 2>/dev/null
  return 0
}

# note ID SECONDS|- yes|-: when a rule was made and ends, and whether it is kept. What is not given stays as it was. Fails when it cannot be written.
note() {
  old=$(cat "$ETC/rules/$1" "$RUN/rules/$1" 2>/dev/null | head -n 1)
  added=${old%% *} ends=${old#* }
  [ "$old" ] || { added=$(now) ends=-; }
  [ "$2" = - ] || ends=$(($(now) + $2))
  folder=$RUN/rules
  [ "$3" = - ] && [ ! -e "$ETC/rules/$1" ] || folder=$ETC/rules
  mkdir -p "$folder" && echo "$added $ends" | store "$folder/$1" || return 1
  [ "$folder" = "$RUN/rules" ] || rm -f "$RUN/rules/$1"
  [ "$2" = - ] || arm "end-$1" "$2" end "$1" "$ends"
}

# settle FILE: the notes of a change, lines "set ID SECONDS|- yes|-" and "drop ID".
settle() {
  while read -r verb id seconds kept; do
    case $verb in
      set) note "$id" "$seconds" "$kept" || return 1 ;;
      drop) rm -f "$ETC/rules/$id" && rm -f "$RUN/rules/$id" || return 1; disarm "end-$id" ;;
    esac
  done <"$1"
}

# Puts one change into the kernel: TOOL.forward in $RUN/change. Where it fails, a part of it may be in.
install_change() {
  for file in "$RUN"/change/*.forward; do
    [ -e "$file" ] || continue
    tool=${file##*/} tool=${tool%.forward}
    restore "$tool" <"$file" || return 1
  done
}
# Whether every iptables would have it.
test_change() {
  for file in "$RUN"/change/*.forward; do
    [ -e "$file" ] || continue
    tool=${file##*/} tool=${tool%.forward}
    "$tool-restore" --test --noflush $WAIT <"$file" || return 1
  done
}
# undo FOLDER: makes everything what TOOL.back in the folder says, whatever of the change is in.
undo() {
  left=0
  for file in "$1"/*.back; do
    [ -e "$file" ] || continue
    tool=${file##*/} tool=${tool%.back}
    put "$tool" "$file" || last_resort "$tool" || left=1
  done
  return $left
}

# change TX SECONDS FINGERPRINT: makes the change in $RUN/change, to be taken back after SECONDS; 0: a strict one, whose own end takes it back.
change() {
  if [ -f "$RUN/pending/tx" ]; then
    if ! is_overdue; then
      read -r _ deadline <"$RUN/pending/tx"
      say "another change waits to be confirmed until $(date -d "@$deadline" +%T)"
      exit $BUSY
    fi
    take_back || { say 'another change, which nobody confirmed, cannot be taken back'; exit $BUSY; }
  fi
  if [ "$(fingerprint)" != "$3" ]; then
    say 'the rules have changed since they were looked at'
    exit $STALE
  fi
  for tool in $(tool_names); do
    [ ! -e "$RUN/change/$tool.forward" ] || note_fresh "$tool" "$RUN/change/$tool.forward"
  done
  code=0
  # the timer comes first: whoever is killed from here on leaves nothing behind for ever
  if [ "$2" = 0 ]; then
    settle "$RUN/change/notes" && test_change || code=1
    [ $code = 1 ] || install_change || { undo "$RUN/change" && code=1 || code=$STUCK; }
  else
    arm "revert-$1" "$2" revert "$1" && keep_way_back "$1" "$2" && test_change || code=1
    [ $code = 1 ] || install_change || { undo "$RUN/pending" && code=1 || code=$STUCK; }
    # what could not be undone waits for its timer
    [ $code != 1 ] || { disarm "revert-$1"; rm -rf "$RUN/pending"; }
  fi
  [ $code != $STUCK ] || say 'a part of the change is in and could not be taken out at once'
  rm -rf "$RUN/change"
  sweep
  exit $code
}

# keep_way_back TX SECONDS: what the timer needs.
keep_way_back() {
  rm -rf "$RUN/pending"
  mkdir "$RUN/pending" || return 1
  for file in "$RUN"/change/*.back "$RUN/change/notes"; do
    [ ! -e "$file" ] || cp "$file" "$RUN/pending/" || return 1
  done
  # last: with it the change waits
  echo "$1 $(($(now) + $2))" >"$RUN/pending/tx.new" && mv "$RUN/pending/tx.new" "$RUN/pending/tx"
}

is_pending() { [ -f "$RUN/pending/tx" ] && read -r tx _ <"$RUN/pending/tx" && [ "$tx" = "$1" ]; }

# Whether the timer that should have taken the change back did not come.
is_overdue() { [ -f "$RUN/pending/tx" ] && read -r _ deadline <"$RUN/pending/tx" && [ "$(now)" -gt $((deadline + 5)) ]; }

# hw5's Ctrl-C and a session that ends stop nothing half-way. (Who kills it does, and the timer goes on from there.)
unswerving() { trap '' HUP INT PIPE TERM; }

# What waits is forgotten only when it is undone.
take_back() { undo "$RUN/pending" && rm -rf "$RUN/pending" && sweep; }
revert() { if is_pending "$1"; then take_back; else sweep; fi; }

# end_rule ID ENDS
end_rule() {
  # somebody is about to give it another end: whether that comes to be is known when it is confirmed or taken back
  if grep -q "^set $1 " "$RUN/pending/notes" 2>/dev/null; then
    ! is_overdue || take_back
    return 1
  fi
  # this timer's end and no other: made to last longer in the meantime, the rule has another timer. No clock is asked, for it may have been set
  ends=$(cat "$RUN/rules/$1" "$ETC/rules/$1" 2>/dev/null | head -n 1)
  [ "${ends#* }" = "${2-${ends#* }}" ] || return 0
  # a change that is taken back must not bring it back
  for file in "$RUN"/pending/*.back; do
    [ ! -e "$file" ] || sed -i "/\"hw5:$1 /d" "$file" || return 1
  done
  delete_rule "$1" && sweep
}

look() {
  echo "#hw5 now $(now)"
  for base in iptables ip6tables; do command -v $base >/dev/null && echo "#hw5 default $base $(variant $base)"; done
  folder=$(mktemp -d) || return 1
  tools >"$folder/tools"
  while read -r tool family variant; do
    "$tool-save" -c >"$folder/save" 2>"$folder/error" || echo "#hw5 broken $tool $(head -n 1 "$folder/error")"
    own <"$folder/save" >>"$folder/own"
    echo "#hw5 save $tool $family $variant"
    cat "$folder/save"
  done <"$folder/tools"
  [ -e "$folder/own" ] || : >"$folder/own"
  echo "#hw5 fingerprint $(sha256sum <"$folder/own" | cut -c 1-64)"
  rm -rf "$folder"
  for note in "$RUN"/rules/*; do [ -e "$note" ] && echo "#hw5 note ${note##*/} $(cat "$note") -"; done
  for note in "$ETC"/rules/*; do [ -e "$note" ] && echo "#hw5 note ${note##*/} $(cat "$note") yes"; done
  [ ! "$(ls "$ETC/rules" 2>/dev/null)" ] || echo "#hw5 boot $(systemctl is-enabled hw5-firewall.service 2>/dev/null)"
  [ -f "$RUN/pending/tx" ] && echo "#hw5 pending $(cat "$RUN/pending/tx")"
  ip -o addr | awk '$3 ~ /^inet6?$/ { for (i = 5; i < NF; i++) if ($i == "scope") print "#hw5 address", $2, $4, $(i + 1) }'
  ip -o link | awk '{ for (i = 3; i < NF; i++) if ($i == "link/ether") { sub(/[:@].*/, "", $2); print "#hw5 link", $2, $(i + 1) } }'
}

hw5_firewall() {
  case $1 in
    look) look ;;
    change) unswerving; lock; install_program; incoming; change "$2" "$3" "$4" ;;
    confirm)
      unswerving
      lock
      is_pending "$2" || { sweep; say 'too late: the host has taken the change back'; exit $LATE; }
      if settle "$RUN/pending/notes" && keep; then
        rm -rf "$RUN/pending"
        disarm "revert-$2"
        sweep
      else
        say 'what has to be noted about the change could not be written: it is taken back'
        ! take_back || disarm "revert-$2"
        exit 1
      fi
      ;;
    revert) insist revert "$2" ;;
    end) shift; insist end_rule "$@" ;;
    boot)
      BOOTING=yes
      lock
      cp "$ETC/hw5-firewall.sh" "$RUN/program"
      for file in "$ETC"/*.rules; do
        [ -e "$file" ] || continue
        tool=${file##*/} tool=${tool%.rules}
        "$tool-save" | grep -q '^:HW5-' && continue
        # Docker, which starts later, takes the chain as it finds it
        grep -q '^-I DOCKER-USER ' "$file" && "$tool" -w 5 -N DOCKER-USER 2>/dev/null
        note_fresh "$tool" "$file"
        restore "$tool" <"$file" || failed=1
      done
      for file in "$ETC"/rules/*; do
        [ -e "$file" ] || continue
        read -r _ ends <"$file"
        [ "$ends" = - ] && continue
        id=${file##*/} seconds=$((ends - $(now)))
        if [ $seconds -gt 0 ] || ! delete_rule "$id"; then arm "end-$id" $((seconds > 0 ? seconds : 1)) end "$id" "$ends"; fi
      done
      [ "${failed-}" ] || sweep
      exit "${failed:-0}"
      ;;
    reset)
      unswerving
      lock
      for tool in $(tool_names); do teardown "$tool" || failed=1; done
      # timers and ways back stay until they are of no use
      [ ! "${failed-}" ] || exit 1
      for unit in $(systemctl list-units --all --plain --no-legend 'hw5-firewall-*.timer' 2>/dev/null | awk '{ print $1 }'); do
        systemctl --quiet stop "$unit"
      done
      rm -rf "$RUN/pending" "$RUN/rules" "$ETC/rules"
      sweep
      ;;
  esac
}

# The timers need the program to be somewhere.
install_program() {
  [ ! "${PROGRAM-}" ] || { printf '%s\nhw5_firewall "$@"\n' "$PROGRAM" >"$RUN/program.new" && mv "$RUN/program.new" "$RUN/program"; }
}
