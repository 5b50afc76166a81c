import {calicoNodes, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, type SystemctlAction, systemctl} from '../../engine/action.js';
import {output, textFile, type UnitState, unit} from '../../engine/facts.js';
import {defineComponent, type Port} from '../component.js';
import {unitHealth} from '../health.js';
import {removeImages, TAGS} from '../images/built.js';
import {PULLED, removePulled} from '../images/pulled.js';
import {renderUnit} from '../unit-file.js';
import {curlDockerd, fromDockerd, START} from './dockerd.js';
import {DROP_INS, removeEmptyDropIns} from './drop-ins.js';

const UNIT = 'docker.service';
/** Its name sorts after an administrator's `override.conf`, because the last ExecStart= counts. */
const DROP_IN = `${DROP_INS}/zz-hw5.conf`;
/** Docker hosts that share a cluster store gossip on this port, over TCP and UDP. Docker has no option for it. */
const GOSSIP_PORT = 7946;
/** The comment of the iptables rules that accept the containers' traffic. */
const COMMENT = 'hw5:pool';

/** Prints dockerd's command line without hw5: the last ExecStart= of the unit and its other drop-ins. */
const COMMAND = String.raw`set --
for file in $(systemctl show -p FragmentPath --value ${UNIT}) $(systemctl show -p DropInPaths --value ${UNIT}); do
  [ "$file" = ${DROP_IN} ] || set -- "$@" "$file"
done
[ $# -gt 0 ] || exit 1
sed -n -e ':join' -e '/\\$/{N;s/\\\n/ /;b join' -e '}' -e 's/^ExecStart=[[:space:]]*//p' "$@" | grep . | tail -n1 | grep .`;

/** Deletes all rules with the comment, for any pool. */
const removeRules: Action = {
  kind: 'script',
  title: "remove the rules for the containers' pool",
  script: `iptables -w -S FORWARD 2>/dev/null | sed -n '/--comment "*${COMMENT}"* -j/{s/^-A //;s/"//g;p}' | while read -r rule; do
  # shellcheck disable=SC2086 # the words of a rule
  iptables -w -D $rule 2>/dev/null || true
done`,
};

/** systemd returns when dockerd has started. */
const restart: SystemctlAction = {...systemctl('restart', UNIT), waitsFor: `dockerd to start (${START})`};

/** dockerd with the etcd cluster as its store: a drop-in extends the command line of the distribution's unit. */
export const docker = defineComponent({
  name: 'docker',
  title: 'dockerd with the cluster store',
  // both write a drop-in of the unit and have systemd read it
  needs: ['kernel', 'packages', 'link-local', 'etcd'],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  units: [UNIT],
  packages: () => ['docker.io', 'conntrack'],
  ports: () =>
    (['tcp', 'udp'] as const).map(
      (protocol): Port => ({port: GOSSIP_PORT, protocol, purpose: "dockerd's gossip", access: 'members'}),
    ),
  health() {
    const {parse, ...health} = unitHealth(
      UNIT,
      `docker info --format 'Docker {{.ServerVersion}} {{.ClusterStore}}' | sed -n 's, etcd://.*,,p' | grep .`,
      'dockerd does not answer, or has no cluster store',
    );
    return {
      ...health,
      parse: (answer) =>
        answer.stdout.startsWith('loaded activating start ')
          ? {state: 'unhealthy', detail: `dockerd is starting (${START})`}
          : parse(answer),
    };
  },
  logs: {aliases: ['dockerd']},
  facts: () => ({
    dropIn: textFile(DROP_IN),
    service: unit(UNIT),
    command: {...output(COMMAND), service: 'systemd'},
    images: TAGS,
    pulled: PULLED,
    info: fromDockerd<{readonly ClusterStore?: string}>('/info'),
  }),
  plan(observed, {node, cluster}) {
    const members = nodesWith(cluster, 'etcd').map((member) => `${member.address}:${cluster.etcd.clientPort}`);
    const dropIn = renderUnit('docker/zz-hw5.conf', {
      command: observed.command ?? '/usr/sbin/dockerd -H fd://',
      members: members.join(','),
      advertise: `${node.address}:${cluster.docker.advertisePort}`,
      subnet: cluster.network.subnet.toString(),
      comment: COMMENT,
    });
    const written = ensureFile(DROP_IN, dropIn, observed.dropIn);
    if (written.length === 0 && !observed.service.needsReload) {
      // a restart would begin from the start; it does not answer until it has started
      if (isStarting(observed.service)) return [];
      if (observed.service.isActive && observed.info?.ClusterStore === `etcd://${members.join(',')}`) return [];
    }
    return [
      ...written,
      // they may be for another pool
      ...(written.length > 0 && observed.dropIn ? [removeRules] : []),
      systemctl('daemon-reload'),
      // without the pause after its earlier failures
      ...(observed.service.isPausing ? [systemctl('reset-failed', UNIT)] : []),
      {...restart, hint: `see \`journalctl -u docker\` on ${node.name}`},
    ];
  },
  ready: () => ({
    reason: `dockerd to answer (${START})`,
    // with upstream Calico, 50 s were measured for two containers, and a node may have more; a dockerd that fails ends the wait earlier
    limitSeconds: 300,
    script: `${curlDockerd('/version')} >/dev/null`,
    hint: 'see `journalctl -u docker` on the node',
  }),
  isRolling: (observed) => isStarting(observed.service) || (observed.info?.ClusterStore ?? '') !== '',
  undo(observed, {purge}) {
    // without --purge they are kept, so that the next `up` is quick
    const images = purge ? [...removeImages(observed.images), ...removePulled(observed.pulled)] : [];
    if (!observed.dropIn) return images;
    return [
      // before the drop-in: after a failure here, the next `down` removes them because the drop-in still exists
      removeRules,
      {kind: 'remove', path: DROP_IN},
      removeEmptyDropIns,
      systemctl('daemon-reload'),
      restart,
      // last: the user's own container may still use one of them
      ...images,
    ];
  },
});

/** Not one that has failed and that systemd will start again: it can be restarted at once, as when its configuration has been repaired. */
function isStarting({activeState, isPausing}: UnitState): boolean {
  return activeState === 'activating' && !isPausing;
}
