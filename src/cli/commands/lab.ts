import {resolve} from 'node:path';
import {Command} from 'commander';
import {labDown} from '../../lab/down.js';
import {enter, enterBySsh} from '../../lab/exec.js';
import {type LabHost, labHost} from '../../lab/host.js';
import {DEFAULT_LAB} from '../../lab/lab.js';
import {labPowerOff, labPowerOn} from '../../lab/power.js';
import type {LabContext} from '../../lab/report.js';
import {listSaves} from '../../lab/saves/saves.js';
import {agree, nameOption, readRecord} from '../../lab/state.js';
import {type LabStatus, labStatus} from '../../lab/status.js';
import {labUp} from '../../lab/up.js';
import {preinstall} from '../../lab/upstream/preinstall.js';
import {UsageError} from '../../support/errors.js';
import {attached} from '../attached.js';
import type {CliContext} from '../context.js';
import {givenCommand} from '../given-command.js';
import {formatJson} from '../json/json.js';
import {labStatusSchema} from '../json/lab.js';
import {type GlobalOptions, optionsOf} from '../options.js';
import {reporter} from '../reporter/reporter.js';
import {wholeNumber} from '../whole-number.js';
import {addSaveCommands} from './lab-saves.js';

/** `hw5 lab …` */
export function labCommand(context: CliContext): Command {
  const host: LabHost = labHost(context.env, context.home);
  const print = (line: string): void => void context.stdout.write(`${line}\n`);
  const reportTo = (options: GlobalOptions): LabContext => ({signal: context.signal, emit: reporter(options, context, true)});
  const lab = new Command('lab').enablePositionalOptions().addHelpText(
    'after',
    `
Examples:
  sudo hw5 lab up                       three machines, node0 to node2, at 198.18.0.10-12
  sudo hw5 --lab up                     the cluster on them
  sudo hw5 lab ssh node1
  sudo hw5 lab exec node0 -- docker ps
  sudo hw5 lab power off node2          like a power failure
  sudo hw5 lab save healthy             store the state of all machines …
  sudo hw5 lab restore healthy          … and return to it
  sudo hw5 lab down                     leaves nothing but the cache and saves`,
  );
  const named = (parent: Command, name: string, description: string, help: string): Command =>
    parent
      .command(name)
      .description(description)
      .option('--name <name>', `which lab (default: ${DEFAULT_LAB.name})`)
      .addHelpText('after', `\n${help}`);

  named(
    lab,
    'up',
    'make the machines, or repair them',
    `Machines that are off are switched on, those that are on but cannot be reached are switched off and on, and a missing bridge or rule is made again.
A lab that another build of hw5 made gets this build's programs. Nothing else is changed.

The machines have emulators of Calico and Mesos, unless --calico or --mesos gives the upstream ones (docs/upstream.md):
  --calico DIR   contains \`calicoctl\` and the node's image, one file *.tar of \`docker save\`
  --mesos DIR    what \`make install\` wrote to a prefix of its own, as /opt/mesos: mesos-master and mesos-agent in sbin/, bin/ or DIR itself. The
                 machines see it at the same path. The Debian packages that it needs are in DIR/packages, one a line
  --mesos TAR    the image that contains both, of \`docker save\`
The lab keeps using them: \`lab up\`, \`lab power on\` and \`lab restore\` read the same paths.

Examples:
  sudo hw5 lab up
  sudo hw5 lab up --name big --count 5 --subnet 198.18.2.0/24
  sudo hw5 --lab-name big up                    the cluster on these five
  sudo hw5 lab up --name ask --subnet 198.18.3.0/24 --sudo-password node0 node1
  sudo hw5 lab up --name real --subnet 198.18.4.0/24 --calico calico-2.6 --mesos /opt/mesos
  sudo hw5 lab up --json                        events for programs, one JSON object a line`,
  )
    .option('--count <n>', 'how many, 1 to 9 (default: 3)', wholeNumber)
    .option('--subnet <cidr>', `their network (default: ${DEFAULT_LAB.subnet})`)
    .option('--sudo-password <machine...>', 'machines whose sudo requires a password')
    .option('--calico <dir>', "upstream Calico in place of the emulator: a directory with calicoctl and the node's image")
    .option('--mesos <path>', 'upstream Mesos in place of the emulator: its directory, or an image tar')
    .action(async (own: UpOptions, command: Command) => {
      const options = optionsOf(command);
      const name = nameOf(command);
      const [calico, mesos] = [own.calico, own.mesos].map((path) => (path === undefined ? path : resolve(context.cwd, path)));
      const chosen = {...own, name, calico, mesos};
      const preinstalled = await preinstall(agree(chosen, await readRecord(host, name)), host.emulators);
      const up = await labUp(chosen, host, preinstalled, reportTo(options));
      if (!options.json) for (const system of preinstalled.upstream ?? []) print(`upstream: ${system}`);
      if (up.isBaseOutdated) {
        const again = `hw5 lab down${nameOption(name)}`;
        context.stderr.write(`its machines have the packages of another build: \`${again}\` and \`up\` make them again\n`);
      }
      if (up.blockedResolver !== undefined) {
        context.stderr.write(
          `its machines get no answer from the resolver ${up.blockedResolver}, while this host does: another firewall drops their packets\n` +
            `  hint     \`nft list ruleset\` shows it; firewalld accepts them after \`firewall-cmd --zone=trusted --add-interface=${up.lab.bridge}\`\n`,
        );
      }
      if (!options.json) print(`cluster file: ${up.lab.files.cluster}`);
    });
  named(
    lab,
    'down',
    'remove the machines and their disks',
    'The cache and the saves stay. It is no error when the lab does not exist.\n\nExamples:\n  sudo hw5 lab down\n  sudo hw5 lab down --name big',
  ).action(async (_own, command: Command) => {
    const options = optionsOf(command);
    const name = nameOf(command);
    const wasThere = await labDown({name}, host, reportTo(options));
    if (options.json) return;
    print(wasThere ? `the lab ${name} is removed` : `there is no lab ${name}: nothing to remove`);
    const saves = await listSaves(host, name);
    if (saves.length > 0)
      print(
        `its saves stay (${saves.map((save) => save.name).join(', ')}): \`hw5 lab restore NAME${nameOption(name)}\` restores the lab, \`hw5 lab saved --delete NAME${nameOption(name)}\` removes one`,
      );
  });
  addSaveCommands(lab, {context, host, nameOf, named, reportTo});
  named(
    lab,
    'status',
    'show the machines',
    'Exit code 3 when one is off or does not answer.\n\nExamples:\n  hw5 lab status\n  hw5 lab status --name big --json | jq -r ".machines[].address"',
  ).action(async (_own, command: Command) => {
    const status = await labStatus({name: nameOf(command)}, host);
    if (optionsOf(command).json) context.stdout.write(formatJson(labStatusSchema, status));
    else for (const line of describe(status)) print(line);
    context.setExitCode(status.isUp ? 0 : 3);
  });
  named(
    lab,
    'ssh',
    'log in to a machine',
    `As the lab's user, who may sudo. With a command, its exit code becomes that of hw5; 128 + n when signal n terminated it.

Examples:
  sudo hw5 lab ssh node1
  sudo hw5 lab ssh node1 -- sudo journalctl -u docker
  sudo hw5 lab ssh --name big node4`,
  )
    .argument('<machine>')
    .argument('[command...]')
    .passThroughOptions()
    .action(async (machine: string, argv: string[], _own, command: Command) =>
      context.setExitCode(
        await attached(
          await enterBySsh({lab: nameOf(command), machine}, givenCommand(argv, 'hw5 lab ssh [options] <machine>'), host),
        ),
      ),
    );
  named(
    lab,
    'exec',
    'run a command as root in a machine without SSH',
    `It works when SSH does not. The command's exit code becomes that of hw5; 128 + n when signal n terminated it.

Examples:
  sudo hw5 lab exec node0 -- docker ps
  sudo hw5 lab exec node2 -- systemctl stop ssh
  sudo hw5 lab exec node0 -- bash`,
  )
    .argument('<machine>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (machine: string, argv: string[], _own, command: Command) =>
      context.setExitCode(
        await attached(
          await enter({lab: nameOf(command), machine}, givenCommand(argv, 'hw5 lab exec [options] <machine>'), host),
        ),
      ),
    );

  const power = lab
    .command('power')
    .description('switch a machine off like a power failure, or on again')
    .addHelpText('after', '\nExamples:\n  sudo hw5 lab power off node2\n  sudo hw5 lab power on node2');
  for (const {state, act, description, help} of [
    {
      state: 'on',
      act: labPowerOn,
      description: 'start a machine that is off',
      help: 'Its disk is as it was. The command returns when the machine answers SSH.',
    },
    {
      state: 'off',
      act: labPowerOff,
      description: 'switch a machine off without a shutdown, like a power failure',
      help: 'Its disk stays as it is at that moment.',
    },
  ] as const) {
    named(
      power,
      state,
      description,
      `${help}\n\nExamples:\n  sudo hw5 lab power ${state} node2\n  sudo hw5 lab power ${state} --name big node4`,
    )
      .argument('<machine>')
      .action(async (machine: string, _own, command: Command) => {
        await act({lab: nameOf(command), machine}, host, {signal: context.signal});
        if (!optionsOf(command).json) print(`${machine} is ${state}`);
      });
  }
  return lab;
}

interface UpOptions {
  readonly count?: number;
  readonly subnet?: string;
  readonly sudoPassword?: string[];
  readonly calico?: string;
  readonly mesos?: string;
}

/** The name of the lab, from `--name` or from `--lab-name`, which commands on a cluster take. */
function nameOf(command: Command): string {
  const {name, labName} = optionsOf<{name?: string}>(command);
  if (name !== undefined && labName !== undefined && name !== labName)
    throw new UsageError('--name and --lab-name name different labs', {hint: 'use only one of them'});
  return name ?? labName ?? DEFAULT_LAB.name;
}

function describe(status: LabStatus): string[] {
  const lines = status.machines.map((machine) => {
    const state = machine.isRunning ? (machine.answersSsh ? 'up' : 'runs, but does not answer SSH') : 'off';
    return `${machine.name}  ${machine.address.padEnd(15)}  ${state}${machine.pid === undefined ? '' : `  (process ${machine.pid})`}`;
  });
  return [`lab ${status.name} in ${status.subnet}`, ...lines, `cluster file: ${status.cluster}`];
}
