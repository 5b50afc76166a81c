import {ensureFile} from '../../engine/action.js';
import {FILES, output, textFile} from '../../engine/facts.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {RESTORE} from '../places.js';

const CONF = '/etc/sysctl.d/90-hw5.conf';
const BEFORE = `${RESTORE}/sysctl.conf`;
const WANTED = ['net.ipv4.ip_forward = 1', 'net.ipv4.conf.all.rp_filter = 0'];
/** What Calico itself sets, and would leave behind. */
const OTHERS = ['net.ipv6.conf.all.forwarding', 'net.netfilter.nf_conntrack_max'];
const KEYS = [...WANTED.map((line) => line.split(' ')[0]), ...OTHERS];

/** The kernel's switches that routing needs, with the old values kept for `down`. */
export const kernel = defineComponent({
  name: 'kernel',
  title: 'kernel settings',
  needs: ['folders'],
  targets: (cluster) => cluster.nodes,
  facts: () => ({
    conf: textFile(CONF),
    before: textFile(BEFORE),
    // -e: a key that this kernel lacks is left out
    values: {...output(`sysctl -e ${KEYS.join(' ')}`), service: FILES},
  }),
  plan(observed) {
    const values = observed.values?.split('\n') ?? [];
    const conf = ensureFile(CONF, template('kernel/90-hw5.conf'), observed.conf);
    if (conf.length === 0 && WANTED.every((line) => values.includes(line))) return [];
    return [
      ...(observed.before ? [] : ensureFile(BEFORE, `${values.join('\n')}\n`, undefined)),
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
    if (!observed.conf && !observed.before) return [];
    return [
      {kind: 'remove', path: CONF},
      // -e: some belong to the whole computer, and a container's root may not set them
      ...(observed.before
        ? [{kind: 'run', title: 'set the old values', argv: ['sysctl', '-e', '-q', '-p', BEFORE]} as const]
        : []),
      {kind: 'remove', path: BEFORE},
    ];
  },
});
