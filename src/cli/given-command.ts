import {UsageError} from '../support/errors.js';

/**
 * The command to run in a machine or a task: the words after its name. Commander passes the separator `--` as well.
 * @param usage how options are written, for the hint: `hw5 lab ssh [options] <machine>`
 * @throws UsageError for an option after the name, which would otherwise be run as a command
 */
export function givenCommand(words: readonly string[], usage: string): readonly string[] {
  const [first] = words;
  if (first === '--') return words.slice(1);
  if (first?.startsWith('-'))
    throw new UsageError(`${first} is not a command`, {hint: `options come before the name: \`${usage}\``});
  return words;
}
