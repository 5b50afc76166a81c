import {Command} from 'commander';
import type {CliContext} from '../context.js';

/** What `hw5 --help` shows of a command, and how its code is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** The usage of its arguments, as commander's `arguments()` takes it. */
  readonly arguments?: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** All commands, in the order of `hw5 --help`. The code of a command is loaded only when the command is used: hw5 starts in a quarter of the time. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    description: 'bring the cluster up; what is as it should be stays untouched',
    load: async () => (await import('./up.js')).upCommand,
  },
  {
    name: 'plan',
    description: 'print what `up` would change, file diffs included; exit 3 if anything',
    load: async () => (await import('./plan.js')).planCommand,
  },
  {
    name: 'status',
    description: 'show nodes, components, BGP peers, network, framework and tasks; exit 0 if healthy, else 3',
    load: async () => (await import('./status.js')).statusCommand,
  },
  {
    name: 'notebook',
    description: "print the notebook's URL, token included, for every node",
    load: async () => (await import('./notebook.js')).notebookCommand,
  },
  {
    name: 'task',
    description: "the framework's tasks: list them, log in to them, end them",
    load: async () => (await import('./task.js')).taskCommand,
  },
  {
    name: 'scale',
    description: 'change the number of tasks of a group: in the cluster file, then on the hosts as `up` does',
    arguments: '<group=count...>',
    load: async () => (await import('./scale.js')).scaleCommand,
  },
  {
    name: 'why',
    description: 'explain the state of a task; exit 0 if it is healthy, else 3',
    arguments: '<task>',
    load: async () => (await import('./why.js')).whyCommand,
  },
  {
    name: 'logs',
    description: 'the log of a component from all nodes that have it, merged by time',
    arguments: '<component>',
    load: async () => (await import('./logs.js')).logsCommand,
  },
  {
    name: 'down',
    description: 'take the cluster away; the nodes are as before, installed packages aside',
    load: async () => (await import('./down.js')).downCommand,
  },
  {
    name: 'validate',
    description: 'check the cluster file, and the files it names; touches no host',
    load: async () => (await import('./validate.js')).validateCommand,
  },
  {
    name: 'firewall',
    description: "the report's iptables exercises on the nodes: applied safely, proven, undone",
    load: async () => (await import('./firewall.js')).firewallCommand,
  },
  {
    name: 'lab',
    description: 'machines on this computer, to try everything on (needs root)',
    load: async () => (await import('./lab.js')).labCommand,
  },
];

/** The command with its code. */
export async function loadCommand(entry: CommandEntry, context: CliContext): Promise<Command> {
  return (await entry.load())(context).description(entry.description);
}

/** The command without its code: enough for `hw5 --help` and for suggestions. */
export function describeCommand({name, description, arguments: usage}: CommandEntry): Command {
  const command = new Command(name).description(description);
  return usage === undefined ? command : command.arguments(usage);
}

/** The first word of a command line that is not an option or an option's value: of `-f a.yaml help up` it is `up`. */
export function commandName(program: Command, args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (!word.startsWith('-')) {
      if (word !== 'help') return word;
    } else if (program.options.find(({short, long}) => word === short || word === long)?.required) index++;
  }
  return undefined;
}
