import {expect, it} from 'vitest';
import {listJson, reportJson, verificationJson} from '../../../src/cli/text/firewall-json.js';
import type {ChangeReport} from '../../../src/firewall/apply-change.js';
import {flawsOf} from '../../../src/firewall/flaws.js';
import {listRules, listUnconfirmed} from '../../../src/firewall/list.js';
import type {NodeState} from '../../../src/firewall/nodes.js';
import {parseFirewallState} from '../../../src/firewall/parse-firewall-state.js';
import type {Proof} from '../../../src/firewall/proof.js';
import {Hw5Error} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';
import {checkJsonOutput} from '../../support/json-output.js';
import {FakeFirewall} from '../firewall/fake-firewall.js';
import {cluster, node0, node1, node2} from '../firewall/make-cluster.js';
import {rule} from '../firewall/make-rule.js';

const denial = rule('deny-ip', node0.address);
const error = new Hw5Error('no answer from node2');
const proof: Proof = {
  node: 'node1',
  rule: denial,
  rows: [],
  hits: {before: undefined, after: 3},
  remarks: ['node2 probes nothing'],
  doubts: ['no probe'],
  isOk: false,
};

it('the JSON of a list, a proof and a change match the published schemas', () => {
  const dump = new FakeFirewall().add(denial, rule('http-only', undefined)).kernel('iptables-nft').save();
  const state = parseFirewallState(
    `#hw5 now 1000\n#hw5 default iptables nft\n#hw5 save iptables-nft nft\n${dump}#hw5 fingerprint f\n`,
  );
  const view: NodeState = {node: node1, host: new FakeHost('node1'), source: undefined, state};
  const list = listJson({
    rules: listRules([view]),
    unconfirmed: listUnconfirmed([view]),
    flaws: flawsOf(view, cluster),
    failures: [{node: node2, error}],
  });
  checkJsonOutput(['firewall', 'list', '--json'], list);
  expect(JSON.parse(list).rules).toHaveLength(2);

  checkJsonOutput(['firewall', 'verify', '--json'], verificationJson({proofs: [proof], flaws: []}));
  const change: ChangeReport = {
    kind: 'applied',
    results: [{node: 'node2', outcome: {kind: 'failed', error}}],
    leftOut: [{node: 'node0', why: 'it has this address itself'}],
    proofs: [proof],
    reachedNodes: 1,
  };
  checkJsonOutput(['firewall', 'remove', '--json'], reportJson(denial.id, change));
});
