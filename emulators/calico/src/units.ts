/** The systemd units of the lab's Calico. They are not enabled in a fresh machine: `calicoctl node run` does that, so they survive a reboot. */

const DIRECTORY = '/usr/local/lib/calico';
const ENVIRONMENT = 'EnvironmentFile=/etc/calico/hw5-lab.env';
/** Order, not requirement: etcd may be on other machines. */
const AFTER_ETCD = 'After=network-online.target etcd.service hw5-etcd.service';

export const FELIX_UNIT = `[Unit]
Description=Calico's agent (the lab's work-alike of Felix and confd)
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

/** -R: after a restart BIRD recovers the routes it left in the kernel, and its peers keep theirs meanwhile. */
export const BIRD_UNIT = `[Unit]
Description=BIRD for Calico
After=network-online.target
Wants=network-online.target
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

/** Started means that Docker may call: dockerd asks for its networks' drivers as soon as it starts. */
export const LIBNETWORK_UNIT = `[Unit]
Description=Calico's libnetwork plugin (the lab's work-alike)
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
