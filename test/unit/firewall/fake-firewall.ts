import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {program} from '../../../src/components/firewall/program.js';
import type {Note} from '../../../src/firewall/firewall-state.js';
import type {HostChange} from '../../../src/firewall/host-change.js';
import {planAdd} from '../../../src/firewall/plan.js';
import type {Rule} from '../../../src/firewall/rule.js';
import {FakeKernel, PLAIN} from './fake-kernel.js';
import {cluster, node1, source} from './make-cluster.js';
import {makeState} from './make-state.js';

const place = {node: node1, cluster, source};

/** A host with a kernel per family, on which changes are installed. */
export class FakeFirewall {
  readonly kernels: Record<string, FakeKernel>;
  notes: Record<string, Note> = {};

  constructor(v4 = PLAIN, v6 = '') {
    this.kernels = {'iptables-nft': new FakeKernel(v4), 'ip6tables-nft': new FakeKernel(v6)};
  }

  get state() {
    return makeState(
      [
        ['iptables-nft', 4, 'nft', this.kernels['iptables-nft']!.save()],
        ['ip6tables-nft', 6, 'nft', this.kernels['ip6tables-nft']!.save()],
      ],
      this.notes,
    );
  }

  do(change: HostChange): this {
    for (const {tool, forward} of change.edits) this.kernel(tool).restore(forward);
    return this;
  }

  undo(change: HostChange): this {
    for (const {tool, back} of change.edits) this.put(tool, back);
    return this;
  }

  /** Makes the managed chains what a state file says, as the host's program does it. */
  put(tool: string, state: string): this {
    const kernel = this.kernel(tool);
    kernel.restore(transactions(state, kernel.save().replace(/^\[\d+:\d+\] /gm, '')));
    return this;
  }

  add(...rules: Rule[]): this {
    for (const one of rules) this.do(planAdd(this.state, {rule: one}, place));
    return this;
  }

  kernel(tool: string): FakeKernel {
    return this.kernels[tool]!;
  }

  /** The lines of a chain of one table. */
  lines(chain: string, tool = 'iptables-nft', table = 'filter'): string[] {
    const marker = ` -A ${chain} `;
    return (this.kernel(tool).save().split(`*${table}\n`)[1]?.split('COMMIT')[0] ?? '')
      .split('\n')
      .filter((line) => line.includes(marker))
      .map((line) => line.slice(line.indexOf(marker) + marker.length));
  }

  get dump(): string {
    return Object.values(this.kernels)
      .map((kernel) => kernel.save().replace(/^\[\d+:\d+\]/gm, ''))
      .join('');
  }
}

/** The input of iptables-restore with which the host's program changes `dump` to a state file. */
function transactions(state: string, dump: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'hw5-state-'));
  try {
    const file = join(directory, 'state');
    writeFileSync(file, state);
    const {stdout, stderr, status} = spawnSync('sh', ['-c', `${program()}\ndump=$(cat)\ntransactions "$1" HW5-`, 'sh', file], {
      input: dump,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  } finally {
    rmSync(directory, {recursive: true});
  }
}
