import {Command} from 'commander';
import {describe, expect, it} from 'vitest';
import {optionsOf} from '../../../src/cli/options.js';
import {shareOptions} from '../../../src/cli/share-options.js';

/** A program like hw5: `status`, `logs` with a -f of its own, and `task logs` below a group. */
function parse(...args: string[]): object {
  const seen: object[] = [];
  const program = new Command('hw5').exitOverride().enablePositionalOptions();
  program.option('-f, --file <file>').option('--json');
  const see = (_options: unknown, command: Command) => void seen.push(optionsOf(command));
  const logs = () => new Command('logs').option('-f, --follow').action(see);
  for (const command of [new Command('status').action(see), logs(), new Command('task').addCommand(logs())]) {
    shareOptions(program, command);
    program.addCommand(command);
  }
  program.parse(args, {from: 'user'});
  return seen[0]!;
}

describe("the program's options", () => {
  it.each([
    ['in front of the command', ['-f', 'a.yaml', '--json', 'status'], {file: 'a.yaml', json: true}],
    ['behind it', ['status', '-f', 'a.yaml', '--json'], {file: 'a.yaml', json: true}],
    ['on both sides', ['-f', 'a.yaml', 'status', '--json'], {file: 'a.yaml', json: true}],
    ['behind a command of a group', ['task', 'logs', '--json', '--file', 'a.yaml'], {file: 'a.yaml', json: true}],
    ['between a group and its command', ['task', '--json', 'logs'], {json: true}],
  ])('may stand %s', (_, args, expected) => {
    expect(parse(...args)).toEqual(expected);
  });

  it('give way to a flag of the command behind its name', () => {
    expect(parse('logs', '-f')).toEqual({follow: true});
    expect(parse('-f', 'a.yaml', 'logs', '-f')).toEqual({file: 'a.yaml', follow: true});
    expect(parse('-f', 'a.yaml', 'task', 'logs', '-f')).toEqual({file: 'a.yaml', follow: true});
    expect(parse('logs', '-f', '--file', 'a.yaml')).toEqual({file: 'a.yaml', follow: true});
  });
});
