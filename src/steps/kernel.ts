import {ensureFile} from '../step/action.js';
import {output, textFile} from '../step/facts.js';
import {defineStep} from '../step/step.js';
import {template} from '../support/template.js';
import {RESTORE} from './places.js';

const CONF = '/etc/sysctl.d/90-hw5.conf';
const BEFORE = `${RESTORE}/sysctl.conf`;
const KEYS = ['net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter'];
const WANTED = '1\n0';

/** The kernel's switches that routing needs, with the old values kept for `down`. */
export const kernel = defineStep({
  name: 'kernel',
  title: 'kernel settings',
  needs: ['folders'],
  targets: (cluster) => cluster.nodes,
  facts: () => ({
    conf: textFile(CONF),
    before: textFile(BEFORE),
    values: output(`sysctl -n ${KEYS.join(' ')}`),
  }),
  plan(seen) {
    const conf = ensureFile(CONF, template('kernel/90-hw5.conf'), seen.conf);
    if (conf.length === 0 && seen.values === WANTED) return [];
    const old = seen.values?.split('\n').map((value, index) => `${KEYS[index]} = ${value}\n`);
    return [
      ...(seen.before || !old ? [] : ensureFile(BEFORE, old.join(''), undefined)),
      ...conf,
      {kind: 'run', title: 'set them', argv: ['sysctl', '-q', '-p', CONF], hint: 'is /proc/sys/net writable on this machine?'},
    ];
  },
  undo(seen) {
    if (!seen.conf && !seen.before) return [];
    return [
      {kind: 'remove', path: CONF},
      ...(seen.before ? [{kind: 'run', title: 'set the old values', argv: ['sysctl', '-q', '-p', BEFORE]} as const] : []),
      {kind: 'remove', path: BEFORE},
    ];
  },
});
