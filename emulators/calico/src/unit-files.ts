import {AFTER_DOCKER} from './plugin/after-docker.js';

/** The emulator's systemd units. `calicoctl node run` enables them, so that a node survives a reboot; a new machine starts none. */

const DIRECTORY = '/usr/local/lib/calico';
/** `calicoctl node run` writes it; optional for BIRD, which needs only the directory of the logs from it. */
const ENVIRONMENT = '/etc/calico/hw5-lab.env';
/** An order and not a requirement: etcd may run on other machines. */
const AFTER_ETCD = 'After=network-online.target etcd.service hw5-etcd.service';

/**
 * Runs a program with its output in /var/log/calico/NAME/current, as Calico's container with runit. The program replaces the shell; svlogd, its
 * child, terminates when the output ends.
 */
const logged = (name: string, command: string, options = '') =>
  `/bin/bash -c 'exec ${command} > >(exec ${DIRECTORY}/svlogd ${options}"$\${CALICO_LOG_DIR:-/var/log/calico}/${name}") 2>&1'`;

export const FELIX_UNIT = `[Unit]
Description=Calico's agent (the lab's emulator of Felix and confd)
${AFTER_ETCD}
Wants=network-online.target
Before=docker.service
StartLimitIntervalSec=0

[Service]
EnvironmentFile=${ENVIRONMENT}
ExecStart=${logged('felix', `${DIRECTORY}/calico-felix`)}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** -R: after a restart BIRD recovers its routes from the kernel, and its peers keep theirs in the meantime (graceful restart). */
export const BIRD_UNIT = `[Unit]
Description=BIRD for Calico
After=network-online.target
Wants=network-online.target calico-bird6.service
Before=docker.service
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-${ENVIRONMENT}
RuntimeDirectory=calico
RuntimeDirectoryPreserve=yes
ExecStart=${logged('bird', '/usr/sbin/bird -R -s /var/run/calico/bird.ctl -d -c /etc/calico/confd/config/bird.cfg', '-tt ')}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** Started and stopped with BIRD; as upstream it runs without peers. */
export const BIRD6_UNIT = `[Unit]
Description=BIRD for Calico, IPv6
After=calico-bird.service
PartOf=calico-bird.service
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-${ENVIRONMENT}
RuntimeDirectory=calico
RuntimeDirectoryPreserve=yes
ExecStart=${logged('bird6', '/usr/sbin/bird6 -R -s /var/run/calico/bird6.ctl -d -c /etc/calico/confd/config/bird6.cfg', '-tt ')}
Restart=always
RestartSec=1
`;

/**
 * The unit counts as started when both sockets exist: dockerd, which starts after it, calls the drivers of its networks immediately. Not where the
 * plugin waits for dockerd.
 */
export const LIBNETWORK_UNIT = `[Unit]
Description=Calico's libnetwork plugin (the lab's emulator)
${AFTER_ETCD}
Wants=network-online.target
Before=docker.service
StartLimitIntervalSec=0

[Service]
EnvironmentFile=${ENVIRONMENT}
ExecStart=${logged('libnetwork', `${DIRECTORY}/calico-libnetwork`)}
ExecStartPost=/bin/sh -c 'until [ -e ${AFTER_DOCKER} ] || { [ -S /run/docker/plugins/calico.sock ] && [ -S /run/docker/plugins/calico-ipam.sock ]; }; do sleep 0.1; done'
TimeoutStartSec=20
TimeoutStopSec=5
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** runit's svlogd, as far as Calico's container uses it. It outlives SIGTERM, which systemd sends to all processes of a unit. */
export const SVLOGD = `#!/bin/bash
# svlogd [-tt] DIRECTORY: appends standard input to DIRECTORY/current. With -tt each line begins with the time in UTC. A file of 1 MB is renamed
# to its time, and the ten newest of these are kept.
trap '' TERM INT
export TZ=UTC
stamp=
if [ "$1" = -tt ]; then stamp=1; shift; fi
mkdir -p "$1" && cd "$1" || exit 111
size=$(stat -c %s current 2>/dev/null || echo 0)
while IFS= read -r line || [ -n "$line" ]; do
  if [ -n "$stamp" ]; then
    now=$EPOCHREALTIME
    printf -v time '%(%Y-%m-%d_%H:%M:%S)T' "\${now%.*}"
    fraction=\${now#*.}
    line="$time.\${fraction:0:5} $line"
  fi
  printf '%s\\n' "$line" >>current
  size=$((size + \${#line} + 1))
  if [ "$size" -ge "\${SVLOGD_SIZE:-1000000}" ]; then
    mv current "@$EPOCHREALTIME.s"
    find . -maxdepth 1 -name '@*.s' | sort -r | tail -n +11 | xargs -r rm --
    size=0
  fi
done
`;
