import {NODE_RUN_FLAGS} from './node-run-options.js';

export const HELP = `Usage:
  calicoctl [options] <command> [<args>...]

    create         Create a resource by filename or stdin.
    replace        Replace a resource by filename or stdin.
    apply          Apply a resource by filename or stdin.  This creates a resource
                   if it does not exist, and replaces a resource if it does exists.
    delete         Delete a resource identified by file, stdin or resource type and
                   name.
    get            Get a resource identified by file, stdin or resource type and
                   name.
    version        Display the version of calicoctl.
    node           Calico node management.
    ipam           IP address management.

Options:
  -h --help               Show this screen.
  -l --log-level=<level>  Accepted; nothing is logged.

Description:
  The emulator of calicoctl for hw5's lab.  Resources: node, ipPool, profile,
  workloadEndpoint.  See 'calicoctl node --help' to read about node management.
`;

export const NODE_HELP = `Usage:
  calicoctl node <command> [<args>...]

    run          Run the Calico node.
    status       View the current status of a Calico node.
    checksystem  Verify the compute host is able to run a Calico node instance.

Options:
  -h --help      Show this screen.
`;

/** The help of `node run`, generated from the list by which its flags are parsed. */
export function nodeRunHelp(): string {
  const values = Object.entries(NODE_RUN_FLAGS.values ?? {}).map(
    ([name, value]) =>
      `     --${name}=<${name.replaceAll('-', '_').toUpperCase()}>${value === undefined ? '' : `  [default: ${value}]`}`,
  );
  const booleans = (NODE_RUN_FLAGS.booleans ?? []).map((name) => `     --${name}`);
  return `Usage:\n  calicoctl node run [options]\n\nOptions:\n${[...values, ...booleans].join('\n')}\n`;
}
