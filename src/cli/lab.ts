import {homedir} from 'node:os';
import {Command} from 'commander';
import {labDown} from '../lab/down.js';
import {labExecAttached, labSsh} from '../lab/exec.js';
import {type LabHost, labHost} from '../lab/host.js';
import {DEFAULT_LAB} from '../lab/lab.js';
import {labPowerOff, labPowerOn} from '../lab/power.js';
import type {LabContext} from '../lab/report.js';
import {labStatus} from '../lab/status.js';
import {labUp} from '../lab/up.js';
import {WORK_ALIKES} from '../lab/work-alikes.js';

/** What the program gives its commands. */
export interface LabCommandSettings {
  /** Aborts when the user presses Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Takes one line of progress. */
  readonly report: (line: string) => void;
  /** Takes one line of the result. */
  readonly print: (line: string) => void;
  /** Ends with this exit code, after the command is done. */
  readonly exitWith: (code: number) => void;
}

interface NameOption {
  readonly name: string;
}

/** `hw5 lab …` */
export function labCommand(settings: LabCommandSettings): Command {
  const host = (): LabHost => labHost(process.env, homedir());
  const context: LabContext = {
    signal: settings.signal,
    report: ({machine, message}) => settings.report(machine === undefined ? message : `${machine} ${message}`),
  };
  const lab = new Command('lab')
    .enablePositionalOptions()
    .description('machines on this computer, to try everything on (needs root)')
    .addHelpText(
      'after',
      `
Examples:
  sudo hw5 lab up                       three machines, node0 to node2, at 198.18.0.10-12
  sudo hw5 --lab up                     the cluster on them
  sudo hw5 lab ssh node1
  sudo hw5 lab exec node0 -- docker ps
  sudo hw5 lab power off node2          as pulling the plug
  sudo hw5 lab down                     leaves nothing but the cache`,
    );
  const named = (name: string, description: string): Command =>
    lab.command(name).description(description).option('--name <name>', 'which lab', DEFAULT_LAB.name);

  named('up', 'make the machines, or mend them')
    .option('--count <n>', 'how many, 1 to 9 (default: 3)', Number)
    .option('--subnet <cidr>', 'their network (default: 198.18.0.0/25)')
    .option('--sudo-password <machine...>', 'machines whose sudo asks for a password')
    .action(async (options: NameOption & {count?: number; subnet?: string; sudoPassword?: string[]}) => {
      const up = await labUp(options, host(), WORK_ALIKES, context);
      settings.print(`cluster file: ${up.files.cluster}`);
    });
  named('down', 'remove the machines and everything of them').action((options: NameOption) => labDown(options, host(), context));
  named('status', 'show the machines')
    .option('--json', 'for programs')
    .action(async (options: NameOption, command: Command) => {
      // hw5 itself has a --json too, and takes it wherever it stands.
      const {json} = command.optsWithGlobals<{json?: boolean}>();
      const status = await labStatus(options, host());
      if (json) settings.print(JSON.stringify(status, undefined, 2));
      else for (const line of describe(status)) settings.print(line);
      settings.exitWith(status.isUp ? 0 : 3);
    });
  named('ssh', 'log in to a machine')
    .argument('<machine>')
    .argument('[command...]')
    .passThroughOptions()
    .action(async (machine: string, command: string[], options: NameOption) =>
      settings.exitWith(await labSsh({lab: options.name, machine}, withoutDashes(command), host())),
    );
  named('exec', 'run a command as root in a machine, past SSH')
    .argument('<machine>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (machine: string, command: string[], options: NameOption) =>
      settings.exitWith(await labExecAttached({lab: options.name, machine}, withoutDashes(command), host())),
    );

  const power = lab.command('power').description("pull a machine's plug, or put it back");
  for (const [state, action, description] of [
    ['on', labPowerOn, 'start a machine that is off'],
    ['off', labPowerOff, 'end a machine at once, as pulling its plug'],
  ] as const) {
    power
      .command(state)
      .description(description)
      .argument('<machine>')
      .option('--name <name>', 'which lab', DEFAULT_LAB.name)
      .action((machine: string, options: NameOption) => action({lab: options.name, machine}, host(), context));
  }
  return lab;
}

/** Options after the machine are the command's; commander then hands over the separator as well. */
function withoutDashes(command: readonly string[]): readonly string[] {
  return command[0] === '--' ? command.slice(1) : command;
}

function describe(status: Awaited<ReturnType<typeof labStatus>>): string[] {
  const lines = status.machines.map((machine) => {
    const state = machine.isRunning ? (machine.answersSsh ? 'up' : 'runs, but does not answer SSH') : 'off';
    return `${machine.name}  ${machine.address.padEnd(15)}  ${state}${machine.pid === undefined ? '' : `  (process ${machine.pid})`}`;
  });
  return [`lab ${status.name} in ${status.subnet}`, ...lines, `cluster file: ${status.cluster}`];
}
