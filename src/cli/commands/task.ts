import {Command} from 'commander';
import type {CliContext} from '../context.js';
import {actionCommand} from './task/act.js';
import {execCommand} from './task/exec.js';
import {listCommand} from './task/list.js';
import {logsCommand} from './task/logs.js';

/** `hw5 task …` */
export function taskCommand(context: CliContext): Command {
  const task = new Command('task').enablePositionalOptions().addHelpText(
    'after',
    `
Examples:
  hw5 task list
  hw5 task logs jupyter -f
  hw5 task exec ssh-1 -- ip -brief address
  hw5 task exec jupyter -- python3 - < script.py
  hw5 task restart ssh-2          stop it gracefully and start it again
  hw5 task kill ssh-2             stop it immediately; the framework starts it again
  hw5 task release ssh-2          its node will not come back: start it on another node now

See also \`hw5 why\`, \`hw5 scale\`, \`hw5 logs\`.`,
  );
  const add = (command: Command): void => void task.addCommand(command.copyInheritedSettings(task).exitOverride());
  add(listCommand(context));
  add(logsCommand(context));
  add(execCommand(context));
  for (const command of ['restart', 'kill', 'release'] as const) add(actionCommand(command, context));
  return task;
}
