import {nodesWith} from '../cluster/cluster.js';
import {ensureFile, systemctl} from '../step/action.js';
import {output, textFile, unit} from '../step/facts.js';
import {defineStep} from '../step/step.js';
import {render} from '../support/template.js';

const UNIT = 'docker.service';
const DROP_IN = '/etc/systemd/system/docker.service.d/hw5.conf';

/** dockerd with the etcd cluster as its store. The distribution's unit stays; a drop-in adds to its command line. */
export const docker = defineStep({
  name: 'docker',
  title: 'dockerd with the cluster store',
  needs: ['kernel', 'packages', 'etcd'],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  facts: () => ({
    dropIn: textFile(DROP_IN),
    service: unit(UNIT),
    // the packaged command line, whatever it is
    command: output(
      `f=$(systemctl show -p FragmentPath --value ${UNIT}); [ -n "$f" ] && sed -n 's/^ExecStart=//p' "$f" | head -n1 | grep .`,
    ),
    store: output(`docker info --format '{{.ClusterStore}}'`),
  }),
  plan(seen, {node, cluster}) {
    const members = nodesWith(cluster, 'etcd').map((member) => `${member.address}:${cluster.etcd.clientPort}`);
    const dropIn = render('docker/hw5.conf', {
      command: seen.command ?? '/usr/sbin/dockerd -H fd://',
      members: members.join(','),
      advertise: `${node.address}:${cluster.docker.advertisePort}`,
    });
    const written = ensureFile(DROP_IN, dropIn, seen.dropIn);
    const isRight = seen.store === `etcd://${members.join(',')}`;
    if (written.length === 0 && isRight && seen.service.isActive && !seen.service.needsReload) return [];
    return [
      ...written,
      systemctl('daemon-reload'),
      {...systemctl('restart', UNIT), hint: `see \`journalctl -u docker\` on ${node.name}`},
    ];
  },
  ready: () => ({
    reason: 'dockerd to answer',
    limitSeconds: 60,
    script: 'docker version --format "{{.Server.Version}}"',
    hint: 'see `journalctl -u docker` on the node',
  }),
  isRolling: (seen) => (seen.store ?? '') !== '',
  undo(seen) {
    if (!seen.dropIn) return [];
    return [
      {kind: 'remove', path: DROP_IN},
      {
        kind: 'run',
        title: 'remove the folder if it is empty',
        argv: ['sh', '-c', `rmdir --ignore-fail-on-non-empty ${DROP_IN.replace('/hw5.conf', '')}`],
      },
      systemctl('daemon-reload'),
      systemctl('restart', UNIT),
    ];
  },
});
