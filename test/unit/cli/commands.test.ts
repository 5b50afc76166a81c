import {Command} from 'commander';
import {describe, expect, it} from 'vitest';
import {COMMANDS, commandName, describeCommand, loadCommand} from '../../../src/cli/commands/index.js';
import type {CliContext} from '../../../src/cli/context.js';

const context = {env: {}, home: '/root'} as unknown as CliContext;

/** What `hw5 --help` shows of a command. */
function helpLine(command: Command): string {
  const help = command.createHelp();
  return `${help.subcommandTerm(command.option('--any'))}: ${help.subcommandDescription(command)}`;
}

describe('the list of commands', () => {
  it.each(COMMANDS.map((entry) => [entry.name, entry] as const))('describes %s as its code does', async (name, entry) => {
    const loaded = await loadCommand(entry, context);
    expect(loaded.name()).toBe(name);
    expect(helpLine(describeCommand(entry))).toBe(helpLine(loaded));
    expect(loaded.aliases()).toEqual([]);
  });

  const program = new Command('hw5').option('-f, --file <file>').option('--lab').option('--lab-name <name>');

  it.each<[string, string | undefined]>([
    ['up', 'up'],
    ['--lab up', 'up'],
    ['-f up status', 'status'],
    ['--file up status', 'status'],
    ['--file=up status', 'status'],
    ['-fup status', 'status'],
    ['--lab-name down logs up', 'logs'],
    ['help up', 'up'],
    ['-- up', 'up'],
    ['stauts', 'stauts'],
    ['--help', undefined],
    ['-f', undefined],
    ['', undefined],
  ])('finds the command of `hw5 %s`: %s', (line, name) => {
    expect(commandName(program, line.split(' ').filter(Boolean))).toBe(name);
  });
});
