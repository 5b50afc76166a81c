import type {Fact} from '../../engine/fact.js';

/** A policy of Calico: hw5 makes none. Policies decide about a container's traffic before the network's profile. */
export interface Policy {
  readonly name: string;
  /** The endpoints to which it applies. */
  readonly selector: string;
}

/** All policies, by name; undefined if calicoctl cannot read them. It prints its errors to standard output. */
export const policiesFact: Fact<readonly Policy[] | undefined> = {
  script: 'command -v calicoctl >/dev/null || exit 127; calicoctl get policy -o json',
  whenTimedOut: undefined,
  parse: ({code, stdout}) => (code === 0 ? parsePolicies(stdout) : undefined),
};

/** Parses the JSON of `calicoctl get policy`; undefined if it is none. */
export function parsePolicies(text: string): readonly Policy[] | undefined {
  let resources: unknown;
  try {
    resources = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(resources)) return undefined;
  return resources.flatMap((resource: {metadata?: {name?: unknown}; spec?: {selector?: unknown}} | null) => {
    const name = resource?.metadata?.name;
    return typeof name === 'string' ? [{name, selector: String(resource?.spec?.selector ?? '')}] : [];
  });
}
