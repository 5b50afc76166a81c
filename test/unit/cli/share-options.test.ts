import {Command} from 'commander';
import {describe, expect, it} from 'vitest';
import {optionsOf} from '../../../src/cli/options.js';
import {shareOptions} from '../../../src/cli/share-options.js';

/** A program like hw5: `status`, `logs` with a -f of its own, and its subcommand `task logs`. */
function parse(...args: string[]): object {
  const parsed: object[] = [];
  const program = new Command('hw5').exitOverride().enablePositionalOptions();
  program.option('-f, --file <file>').option('--json');
  const record = (_options: unknown, command: Command) => void parsed.push(optionsOf(command));
  const logs = () => new Command('logs').option('-f, --follow').action(record);
  for (const command of [new Command('status').action(record), logs(), new Command('task').addCommand(logs())]) {
    shareOptions(program, command);
    program.addCommand(command);
  }
  program.parse(args, {from: 'user'});
  return parsed[0]!;
}

describe('the global options', () => {
  it.each([
    ['before the command', ['-f', 'a.yaml', '--json', 'status'], {file: 'a.yaml', json: true}],
    ['after it', ['status', '-f', 'a.yaml', '--json'], {file: 'a.yaml', json: true}],
    ['on both sides', ['-f', 'a.yaml', 'status', '--json'], {file: 'a.yaml', json: true}],
    ['after a subcommand', ['task', 'logs', '--json', '--file', 'a.yaml'], {file: 'a.yaml', json: true}],
    ['between a command and its subcommand', ['task', '--json', 'logs'], {json: true}],
  ])('are accepted %s', (_, args, expected) => {
    expect(parse(...args)).toEqual(expected);
  });

  it('are overridden after the command by a flag of the command', () => {
    expect(parse('logs', '-f')).toEqual({follow: true});
    expect(parse('-f', 'a.yaml', 'logs', '-f')).toEqual({file: 'a.yaml', follow: true});
    expect(parse('-f', 'a.yaml', 'task', 'logs', '-f')).toEqual({file: 'a.yaml', follow: true});
    expect(parse('logs', '-f', '--file', 'a.yaml')).toEqual({file: 'a.yaml', follow: true});
  });
});
