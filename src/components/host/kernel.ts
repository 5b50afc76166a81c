import {ensureFile} from '../../engine/action.js';
import {FILES, output, textFile} from '../../engine/facts.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {RESTORE} from '../places.js';

const CONF = '/etc/sysctl.d/90-hw5.conf';
/** The values from before hw5, which `down` restores. */
const BACKUP = `${RESTORE}/sysctl.conf`;
const DESIRED = ['net.ipv4.ip_forward = 1', 'net.ipv4.conf.all.rp_filter = 0'];
/** Set by Calico (the last by Felix), which does not restore them. */
const SET_BY_CALICO = ['net.ipv6.conf.all.forwarding', 'net.netfilter.nf_conntrack_max', 'net.ipv4.conf.default.rp_filter'];
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
    if (conf.length === 0 && DESIRED.every((line) => values.includes(line))) return [];
    return [
      ...(observed.backup ? [] : ensureFile(BACKUP, `${values.join('\n')}\n`, undefined)),
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
