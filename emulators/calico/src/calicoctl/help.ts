import {NODE_RUN_FLAGS} from './node-run-options.js';
import {USAGE} from './usage.js';
import type {Version} from './version.js';

/** What `--help` prints after the usage, where the usage does not say it all. */
const DETAILS: Readonly<Record<string, string>> = {
  '': `
    create    Create resources from a file or stdin.
    replace   Replace resources from a file or stdin.
    apply     Create resources, or replace those that exist.
    delete    Delete resources of a file, or one by its kind and name.
    get       Print resources.
    config    Print or change settings of the network or a node.
    ipam      Print or release addresses.
    node      Start, check and diagnose this machine's node.
    version   Print the version.

Options:
  -h --help               Show this screen.
  -l --log-level=<level>  Accepted; nothing is logged.

Description:
  The emulator of calicoctl {version} for hw5's lab.  Kinds of resources: node, bgpPeer,
  hostEndpoint, workloadEndpoint, ipPool, policy, profile.
`,
  node: `
    run          Run the Calico node.
    status       Print whether it runs, and its BGP peers.
    diags        Write a bundle of diagnostics.
    checksystem  Check the kernel's version and modules.
`,
  ipam: `
    release      Release an address.
    show         Print what is known of an address.
`,
  config: `
 Name            | Scope       | Value                                  |
-----------------+-------------+----------------------------------------+
 logLevel        | global,node | none,debug,info,warning,error,critical |
 nodeToNodeMesh  | global      | on,off                                 |
 asNumber        | global      | 0-4294967295                           |
 ipip            | global      | on,off                                 |
`,
  get: `
  Output formats: ps (default), wide, yaml, json, custom-columns=<NAME,…>,
  go-template=<TEMPLATE>, go-template-file=<FILE>.
`,
};

/** The help of a command, by its words. */
export function helpOf(command: string, version: Version): string {
  const details = command === 'node run' ? nodeRunOptions() : (DETAILS[command] ?? '');
  return `${USAGE[command] ?? ''}\n${details.replace('{version}', version)}`;
}

/** The options of `node run`, from the list by which its flags are parsed. */
function nodeRunOptions(): string {
  const values = Object.entries(NODE_RUN_FLAGS.values ?? {}).map(
    ([name, value]) =>
      `     --${name}=<${name.replaceAll('-', '_').toUpperCase()}>${value === undefined ? '' : `  [default: ${value}]`}`,
  );
  const booleans = (NODE_RUN_FLAGS.booleans ?? []).map((name) => `     --${name}`);
  return `\nOptions:\n${[...values, ...booleans].join('\n')}\n`;
}
