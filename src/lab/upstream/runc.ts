import type {PreinstalledFile} from '../preinstalled.js';

/** In the kernel's order, from 0. */
const CAPABILITIES = `chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin
net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease
audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`;

/**
 * Removes the capabilities that the machine lacks from those that Docker requests: for a privileged container it requests all, and a host that is a
 * container itself does not have all ("unable to apply caps"). $RUNC and $STATUS are set by tests only.
 */
export const RUNC_SCRIPT = `set -eu
bundle=.
previous=''
creates=''
for argument in "$@"; do
  case $argument in
    create | run | restore) creates=yes ;;
    --bundle=*) bundle=\${argument#*=} ;;
  esac
  case $previous in --bundle | -b) bundle=$argument ;; esac
  previous=$argument
done
config=$bundle/config.json
if [ -n "$creates" ] && [ -f "$config" ]; then
  bounding=$((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' "\${STATUS:-/proc/self/status}")))
  number=0
  for name in ${CAPABILITIES.toUpperCase().replaceAll('\n', ' ')}; do
    if [ $((bounding >> number & 1)) = 0 ]; then sed -i "s/\\"CAP_$name\\",//g; s/,\\"CAP_$name\\"//g" "$config"; fi
    number=$((number + 1))
  done
fi
exec "\${RUNC:-/usr/sbin/runc}" "$@"
`;

/** It precedes Debian's runc in the PATH. */
export const RUNC_FILE: PreinstalledFile = {path: '/usr/local/sbin/runc', mode: 0o755, text: `#!/bin/sh\n${RUNC_SCRIPT}`};
