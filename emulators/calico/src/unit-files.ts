/** The emulator's systemd units. `calicoctl node run` enables them, so that a node survives a reboot; a new machine starts none. */

const DIRECTORY = '/usr/local/lib/calico';
const ENVIRONMENT = 'EnvironmentFile=/etc/calico/hw5-lab.env';
/** An order and not a requirement: etcd may run on other machines. */
const AFTER_ETCD = 'After=network-online.target etcd.service hw5-etcd.service';

export const FELIX_UNIT = `[Unit]
Description=Calico's agent (the lab's emulator of Felix and confd)
${AFTER_ETCD}
Wants=network-online.target
Before=docker.service
StartLimitIntervalSec=0

[Service]
${ENVIRONMENT}
ExecStart=${DIRECTORY}/calico-felix
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
RuntimeDirectory=calico
RuntimeDirectoryPreserve=yes
ExecStart=/usr/sbin/bird -f -R -s /run/calico/bird.ctl -c /etc/calico/confd/config/bird.cfg
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
RuntimeDirectory=calico
RuntimeDirectoryPreserve=yes
ExecStart=/usr/sbin/bird6 -f -R -s /run/calico/bird6.ctl -c /etc/calico/confd/config/bird6.cfg
Restart=always
RestartSec=1
`;

/** The unit counts as started when both sockets exist: dockerd, which starts after it, calls the drivers of its networks immediately. */
export const LIBNETWORK_UNIT = `[Unit]
Description=Calico's libnetwork plugin (the lab's emulator)
${AFTER_ETCD}
Wants=network-online.target
Before=docker.service
StartLimitIntervalSec=0

[Service]
${ENVIRONMENT}
ExecStart=${DIRECTORY}/calico-libnetwork
ExecStartPost=/bin/sh -c 'until [ -S /run/docker/plugins/calico.sock ] && [ -S /run/docker/plugins/calico-ipam.sock ]; do sleep 0.1; done'
TimeoutStartSec=20
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
