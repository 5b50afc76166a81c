import type {Command} from 'commander';
import {expect, it} from 'vitest';
import {labCommand} from '../../../src/cli/commands/lab.js';
import type {CliContext} from '../../../src/cli/context.js';

/** What `--help` prints. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

it('the help of every lab command has examples', () => {
  const lab = labCommand({env: {}, home: '/root'} as unknown as CliContext);
  const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
  const names = all(lab).map((command) => command.name());
  expect(names).toEqual(['lab', 'up', 'down', 'save', 'restore', 'saved', 'status', 'ssh', 'exec', 'power', 'on', 'off']);
  const without = all(lab).filter((command) => !/\nExamples:\n {2}(sudo )?hw5 /.test(helpOf(command)));
  expect(without.map((command) => command.name())).toEqual([]);
});
