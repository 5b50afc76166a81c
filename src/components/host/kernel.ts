import {ensureFile} from '../../engine/action.js';
import {FILES, output, textFile} from '../../engine/facts.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {RESTORE} from '../places.js';

const CONF = '/etc/sysctl.d/90-hw5.conf';
/** The values from before hw5, which `down` restores. */
const BACKUP = `${RESTORE}/sysctl.conf`;
const DESIRED = ['net.ipv4.ip_forward = 1', 'net.ipv4.conf.all.rp_filter = 0'];
/** Set by Felix. */
const SET_BY_FELIX = 'net.ipv4.conf.default.rp_filter';
/** Set by Calico, which does not restore them. */
const SET_BY_CALICO = ['net.ipv6.conf.all.forwarding', 'net.netfilter.nf_conntrack_max', SET_BY_FELIX];
const KEYS = [...DESIRED.map((line) => line.split(' ')[0]), ...SET_BY_CALICO];

/** The kernel settings that routing needs. */
export const kernel = defineComponent({
  name: 'kernel',
  title: 'kernel settings',
  needs: ['directories'],
  targets: (cluster) => cluster.nodes,
  facts: () => ({
    conf: textFile(CONF),
    backup: textFile(BACKUP),
    // -e: a key that this kernel lacks is omitted
    values: {...output(`sysctl -e ${KEYS.join(' ')}`), service: FILES},
  }),
  plan(observed) {
    const values = observed.values?.split('\n') ?? [];
    const conf = ensureFile(CONF, template('kernel/90-hw5.conf'), observed.conf);
    const isSet = conf.length === 0 && DESIRED.every((line) => values.includes(line));
    if (isSet) return observed.backup ? ensureFile(BACKUP, completed(observed.backup.content, values), observed.backup) : [];
    const backup = observed.backup ? completed(observed.backup.content, values) : `${values.join('\n')}\n`;
    return [
      ...ensureFile(BACKUP, backup, observed.backup),
      ...conf,
      {
        kind: 'run',
        title: 'set them',
        argv: ['sysctl', '-q', '-p', CONF],
        hint: 'is /proc/sys/net writable on this machine?',
      },
    ];
  },
  undo(observed) {
    if (!observed.conf && !observed.backup) return [];
    return [
      {kind: 'remove', path: CONF},
      // -e: in a container, root may not set those of the machine that runs it
      ...(observed.backup
        ? [{kind: 'run', title: 'set the old values', argv: ['sysctl', '-e', '-q', '-p', BACKUP]} as const]
        : []),
      {kind: 'remove', path: BACKUP},
    ];
  },
});

/**
 * A backup that an earlier release of hw5 made, with what it lacks: Felix is started later in the same run. (Where upstream's Felix has set the
 * value before, the first one is not known any more.)
 */
function completed(backup: string, values: readonly string[]): string {
  const prefix = `${SET_BY_FELIX} = `;
  const value = values.find((line) => line.startsWith(prefix));
  return value === undefined || backup.includes(prefix) ? backup : `${backup}${value}\n`;
}
