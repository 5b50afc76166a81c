import {describe, expect, it} from 'vitest';
import {parsePolicies, policiesFact} from '../../../../src/components/calico/policies.js';

/** As calicoctl v1.6.5 prints it. */
const NEW = `[
  {
    "kind": "policy",
    "apiVersion": "v1",
    "metadata": {
      "name": "one-node"
    },
    "spec": {
      "order": 100,
      "ingress": [
        {
          "action": "allow",
          "source": {
            "nets": [
              "198.18.0.10/32"
            ]
          },
          "destination": {}
        }
      ],
      "selector": "role == 'web' \\u0026\\u0026 has(x)",
      "types": [
        "ingress"
      ]
    }
  }
]
`;
/** As v1.2.0 does: without types, and `net`. */
const OLD =
  '[{"kind":"policy","apiVersion":"v1","metadata":{"name":"a"},"spec":{"ingress":[{"action":"allow","source":{"net":"198.18.0.10/32"},"destination":{}}],"selector":""}}]';

describe("Calico's policies", () => {
  it('are read from the JSON of both versions of calicoctl', () => {
    expect(parsePolicies(NEW)).toEqual([{name: 'one-node', selector: "role == 'web' && has(x)"}]);
    expect(parsePolicies(OLD)).toEqual([{name: 'a', selector: ''}]);
    expect(parsePolicies('[]\n')).toEqual([]);
  });

  it('are unknown when calicoctl fails, hangs or is missing, or prints something else', () => {
    expect(policiesFact.parse({code: 1, stdout: 'Failed to get resources: client: etcd cluster is unavailable'})).toBeUndefined();
    expect(policiesFact.parse({code: 127, stdout: ''})).toBeUndefined();
    expect(policiesFact.whenTimedOut).toBeUndefined();
    expect('whenTimedOut' in policiesFact).toBe(true);
    expect(policiesFact.parse({code: 0, stdout: NEW})).toHaveLength(1);
    expect(parsePolicies('null')).toBeUndefined();
    expect(parsePolicies('oops')).toBeUndefined();
    expect(parsePolicies('[null, {"metadata":{}}]')).toEqual([]);
  });
});
