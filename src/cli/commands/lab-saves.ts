import type {Command} from 'commander';
import type {LabHost} from '../../lab/host.js';
import {DEFAULT_LAB} from '../../lab/lab.js';
import type {LabContext} from '../../lab/report.js';
import {inUnits} from '../../lab/saves/copy.js';
import {removeSave} from '../../lab/saves/remove.js';
import {labRestore} from '../../lab/saves/restore.js';
import {labSave} from '../../lab/saves/save.js';
import {listSaves, requireSave, type Save} from '../../lab/saves/saves.js';
import {nameOption} from '../../lab/state.js';
import {preinstall} from '../../lab/upstream/preinstall.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {labSavedSchema} from '../json/lab.js';
import {type GlobalOptions, optionsOf} from '../options.js';
import {columns} from '../text/columns.js';

interface Parts {
  readonly context: CliContext;
  readonly host: LabHost;
  /** The lab that a command is to work on. */
  readonly nameOf: (command: Command) => string;
  /** Adds a subcommand with `--name`. */
  readonly named: (parent: Command, name: string, description: string, help: string) => Command;
  /** What a run on the lab reports to. */
  readonly reportTo: (options: GlobalOptions) => LabContext;
}

/** `hw5 lab save`, `restore` and `saved`. */
export function addSaveCommands(lab: Command, {context, host, nameOf, named, reportTo}: Parts): void {
  const print = (line: string): void => void context.stdout.write(`${line}\n`);

  named(
    lab,
    'save',
    'store the state of all machines under a name',
    `The machines are suspended for the seconds that copying their disks takes. The save contains the disks as a power failure at that moment
would leave them. Saves survive \`lab down\`; an interrupted save leaves nothing.

Examples:
  sudo hw5 lab save healthy
  sudo hw5 lab save before-exercise-2 --name big`,
  )
    .argument('<save>', 'its name')
    .action(async (name: string, _own, command: Command) => {
      const options = optionsOf(command);
      const lab = nameOf(command);
      const save = await labSave({lab, save: name}, host, reportTo(options));
      if (!options.json)
        print(`saved as "${name}" (${inUnits(save.bytes)}); \`sudo hw5 lab restore ${name}${nameOption(lab)}\` restores it`);
    });
  named(
    lab,
    'restore',
    'restore all machines as they were saved',
    `The machines' present content is lost; host keys, addresses and the cluster file are those of the save. Machines that were off are off again.
The lab need not be up, nor exist. A cluster that was healthy is healthy again some twenty seconds later, without \`hw5 up\`.

Examples:
  sudo hw5 lab restore healthy
  sudo hw5 --lab status --watch`,
  )
    .argument('<save>', 'its name')
    .action(async (name: string, _own, command: Command) => {
      const options = optionsOf(command);
      const choice = {lab: nameOf(command), save: name};
      const preinstalled = await preinstall((await requireSave(host, choice.lab, name)).lab, host.emulators);
      const {lab, save, replacedCluster} = await labRestore(choice, host, preinstalled, reportTo(options));
      if (replacedCluster !== undefined)
        context.stderr.write(`the cluster file is the saved one; what it contained until now is in ${replacedCluster}\n`);
      if (options.json) return;
      print(`the lab ${lab.name} is as it was saved at ${localTime(save)}`);
      const choose = lab.name === DEFAULT_LAB.name ? '--lab' : `--lab-name ${lab.name}`;
      if (save.running.length > 0)
        print(`a cluster on it needs some time to be healthy: \`hw5 ${choose} status --watch\` shows it`);
    });
  named(
    lab,
    'saved',
    'list the saves of a lab, or delete one',
    `They survive \`lab down\`.

Examples:
  hw5 lab saved
  hw5 lab saved --name big --json | jq -r ".[].name"
  sudo hw5 lab saved --delete healthy`,
  )
    .option('--delete <save>', 'delete this one')
    .action(async (own: {delete?: string}, command: Command) => {
      const {json} = optionsOf(command);
      const lab = nameOf(command);
      if (own.delete !== undefined) {
        await removeSave({lab, save: own.delete}, host, {signal: context.signal});
        if (!json) print(`the save "${own.delete}" is deleted`);
        return;
      }
      const saves = await listSaves(host, lab);
      if (json) context.stdout.write(formatJson(labSavedSchema, saves.map(jsonOf)));
      else if (saves.length === 0) print(`the lab ${lab} has no saves`);
      else for (const line of columns([['SAVE', 'MADE', 'SIZE', 'MACHINES', 'SUBNET'], ...saves.map(rowOf)])) print(line);
    });
}

function rowOf(save: Save): string[] {
  const {name, bytes, running, lab} = save;
  const off = lab.count - running.length;
  return [name, localTime(save), inUnits(bytes), `${lab.count}${off > 0 ? ` (${off} off)` : ''}`, lab.subnet];
}

function jsonOf({name, savedAt, bytes, lab, running}: Save) {
  return {name, savedAt, bytes, machines: lab.count, running, subnet: lab.subnet};
}

/** `2026-11-28 14:05`. */
function localTime({savedAt}: Save): string {
  return new Date(savedAt).toLocaleString('sv-SE').slice(0, 16);
}
