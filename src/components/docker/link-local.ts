import {calicoNodes} from '../../cluster/cluster.js';
import {type Action, ensureFile, systemctl} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {FILES, textFile} from '../../engine/facts.js';
import {render} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {RESTORE} from '../places.js';
import {DROP_INS, removeEmptyDropIns} from './drop-ins.js';

const DEFAULTS = '/proc/sys/net/ipv6/conf/default';
/** Apart from the drop-in that sets dockerd's command line: after a change in this one, dockerd need not be restarted. */
const DROP_IN = `${DROP_INS}/zz-hw5-ipv6.conf`;
/** The value from before hw5, which `down` restores. */
const BACKUP = `${RESTORE}/ipv6.conf`;

/**
 * The setting with which the kernel gives a new interface no link-local address, and its value, which is 1 when it does. `addr_gen_mode` leaves
 * IPv6 on, so that an interface that appears later keeps its static addresses. The kernel ignores it where `stable_secret` is set (reading
 * it fails otherwise), and those before 4.11 lack it: there, IPv6 is turned off. Undefined where the kernel has no IPv6.
 */
const setting: Fact<{readonly key: string; readonly value: string} | undefined> = {
  service: FILES,
  script: `cd ${DEFAULTS} 2>/dev/null || exit 3
key=disable_ipv6
[ ! -e addr_gen_mode ] || cat stable_secret >/dev/null 2>&1 || key=addr_gen_mode
echo "$key $(cat $key)"`,
  parse({code, stdout}) {
    const [key, value] = stdout.trim().split(' ');
    return code === 0 && key && value ? {key, value} : undefined;
  },
};

/**
 * No IPv6 link-local address for the interfaces of containers. libnetwork-plugin answers Docker with a route to the one of the host's veth, and
 * runc may not set it in a container without IPv6: `error setting interface … routes to ["169.254.1.1/32" "fe80::…/128"]: permission denied`.
 */
export const linkLocal = defineComponent({
  name: 'link-local',
  title: 'no IPv6 link-local addresses for containers',
  // the drop-in's directory belongs to the package's unit
  needs: ['packages'],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  facts: () => ({setting, dropIn: textFile(DROP_IN), backup: textFile(BACKUP)}),
  plan({setting, dropIn, backup}) {
    if (!setting) return [];
    const {key, value} = setting;
    const name = `net.ipv6.conf.default.${key}`;
    const written = ensureFile(DROP_IN, render('docker/zz-hw5-ipv6.conf', {file: `${DEFAULTS}/${key}`}), dropIn);
    const former = backup?.content ?? '';
    return [
      ...(former.includes(`${name} = `) || (value === '1' && written.length === 0)
        ? []
        : ensureFile(BACKUP, `${former}${name} = ${value}\n`, backup)),
      ...written,
      ...(written.length > 0 ? [systemctl('daemon-reload')] : []),
      ...(value === '1' ? [] : [setNow(name)]),
    ];
  },
  undo({dropIn, backup}) {
    return [
      ...(dropIn ? [{kind: 'remove', path: DROP_IN} as const, removeEmptyDropIns, systemctl('daemon-reload')] : []),
      ...(backup
        ? [
            // -e: the kernel may have started without IPv6 since
            {kind: 'run', title: 'set the old value', argv: ['sysctl', '-e', '-q', '-p', BACKUP]} as const,
            {kind: 'remove', path: BACKUP} as const,
          ]
        : []),
    ];
  },
});

function setNow(name: string): Action {
  return {
    kind: 'run',
    title: 'set it for interfaces that appear from now on',
    argv: ['sysctl', '-q', '-w', `${name}=1`],
    hint: 'is /proc/sys/net writable on this machine?',
  };
}
