import * as z from 'zod';

const probeResult = z.strictObject({kind: z.enum(['answered', 'refused', 'silent', 'unknown']), detail: z.string()});

const proof = z.strictObject({
  id: z.string(),
  node: z.string(),
  ok: z.boolean(),
  hitsBefore: z.int().nullable().describe('packets that the rule matched before the probes'),
  hitsAfter: z.int().nullable(),
  probes: z.array(
    z.strictObject({
      probe: z.string(),
      expected: z.enum(['passes', 'fails']),
      before: probeResult.nullable().describe('before the rule was installed'),
      after: probeResult,
      ok: z.boolean(),
    }),
  ),
  remarks: z.array(z.string()),
  doubts: z.array(z.string()).describe('why the proof is not valid'),
});

const flaw = z.strictObject({node: z.string(), what: z.string(), hint: z.string()});
const leftOut = z.array(z.strictObject({node: z.string(), why: z.string()})).describe('nodes that take no part');

/** `hw5 firewall <exercise>|remove|reset --json`; with --dry-run without `proofs`, and with `edits` and `notes` */
export const firewallChangeSchema = z.strictObject({
  id: z.string().optional().describe('of the rule; missing for `reset`'),
  nodes: z.array(
    z.strictObject({
      node: z.string(),
      result: z.enum(['changed', 'unchanged', 'failed']),
      error: z.string().optional(),
      remarks: z.array(z.string()).optional(),
      edits: z
        .array(z.strictObject({tool: z.string(), restore: z.string()}))
        .optional()
        .describe('the input of iptables-restore'),
      notes: z.array(z.string()).optional(),
    }),
  ),
  leftOut,
  proofs: z.array(proof).optional(),
});

/** `hw5 firewall list --json` */
export const firewallListSchema = z.strictObject({
  rules: z.array(
    z.strictObject({
      id: z.string(),
      node: z.string(),
      exercise: z.enum(['deny-ip', 'deny-mac', 'http-only', 'deny-ping']),
      match: z.string(),
      scope: z.enum(['host', 'containers', 'both']),
      strict: z.boolean(),
      hits: z.int(),
      ageSeconds: z.int().nullable(),
      endsInSeconds: z.int().nullable(),
      persisted: z.boolean(),
      points: z.array(z.enum(['B INPUT', 'C FORWARD'])).describe('the chains that contain the rule'),
    }),
  ),
  unconfirmed: z.array(z.strictObject({node: z.string(), takenBackInSeconds: z.int()})),
  flaws: z.array(flaw),
  unreachable: z.array(z.strictObject({node: z.string(), error: z.string()})),
});

/** `hw5 firewall verify --json` */
export const firewallVerifySchema = z.strictObject({proofs: z.array(proof), flaws: z.array(flaw)});
