import {Command} from 'commander';
import type {CliContext} from '../context.js';

/** A command as `hw5 --help` shows it, and how to load its code. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Its arguments, in the syntax of commander's `arguments()`. */
  readonly arguments?: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** All commands, in the order of `hw5 --help`. The code of a command is loaded only when the command is used, so that hw5 starts quickly. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    description: 'install or update the cluster; change only what differs from the cluster file',
    load: async () => (await import('./up.js')).upCommand,
  },
  {
    name: 'plan',
    description: 'show what `up` would change, with file diffs; exit 3 if anything',
    load: async () => (await import('./plan.js')).planCommand,
  },
  {
    name: 'status',
    description: 'show nodes, components, BGP peers, network, framework and tasks; exit 3 if anything is unhealthy',
    load: async () => (await import('./status.js')).statusCommand,
  },
  {
    name: 'notebook',
    description: "print the notebook's URL with its token, for each node with a proxy",
    load: async () => (await import('./notebook.js')).notebookCommand,
  },
  {
    name: 'task',
    description: "list the framework's tasks, show their logs, run commands in them, restart or stop them",
    load: async () => (await import('./task.js')).taskCommand,
  },
  {
    name: 'scale',
    description: 'change the number of tasks of a group, in the cluster file and on the hosts',
    arguments: '<group=count...>',
    load: async () => (await import('./scale.js')).scaleCommand,
  },
  {
    name: 'why',
    description: 'explain the state of a task; exit 3 if it is not healthy',
    arguments: '<task>',
    load: async () => (await import('./why.js')).whyCommand,
  },
  {
    name: 'logs',
    description: "show a component's logs of all nodes, merged by time",
    arguments: '<component>',
    load: async () => (await import('./logs.js')).logsCommand,
  },
  {
    name: 'down',
    description: 'remove the cluster; the nodes are as they were before, except for installed packages',
    load: async () => (await import('./down.js')).downCommand,
  },
  {
    name: 'validate',
    description: 'check the cluster file and the files that it names; connect to no host',
    load: async () => (await import('./validate.js')).validateCommand,
  },
  {
    name: 'firewall',
    description: "apply, verify and remove the report's iptables exercises on the nodes",
    load: async () => (await import('./firewall.js')).firewallCommand,
  },
  {
    name: 'lab',
    description: 'create and control machines on this computer to try hw5 on (needs root)',
    load: async () => (await import('./lab.js')).labCommand,
  },
];

/** The command with its options and its code. */
export async function loadCommand(entry: CommandEntry, context: CliContext): Promise<Command> {
  return (await entry.load())(context).description(entry.description);
}

/** The command without its options and code: enough for `hw5 --help` and for suggestions. */
export function describeCommand({name, description, arguments: usage}: CommandEntry): Command {
  const command = new Command(name).description(description);
  return usage === undefined ? command : command.arguments(usage);
}

/** The command's name in a command line, `up` in `-f a.yaml help up`: the first word that is neither an option nor an option's value, nor `help`. */
export function commandName(program: Command, args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (!word.startsWith('-')) {
      if (word !== 'help') return word;
    } else if (program.options.find(({short, long}) => word === short || word === long)?.required) index++;
  }
  return undefined;
}
