import {readFile, realpath} from 'node:fs/promises';
import {Command} from 'commander';
import {createTwoFilesPatch} from 'diff';
import {loadCluster} from '../../cluster/load.js';
import {planRun, upRun} from '../../engine/runner.js';
import {Hw5Error, Hw5Errors, InterruptedError} from '../../support/errors.js';
import {parseCounts, scaleText} from '../../tasks/scale.js';
import {changeFile} from '../change-file.js';
import {clusterFile} from '../cluster-file.js';
import {type CliContext, now} from '../context.js';
import {eventSchema} from '../json/events.js';
import {formatJson} from '../json/json.js';
import {optionsOf} from '../options.js';
import {chalk} from '../reporter/colours.js';
import {holder, runOptionsOf} from '../run-options.js';
import {planText} from './plan.js';

/** `hw5 scale` */
export function scaleCommand(context: CliContext): Command {
  return new Command('scale')
    .argument('<group=count...>', 'a group of tasks and how many it is to have, as ssh=6')
    .option('--dry-run', 'show what would change in the file and on the hosts, and change nothing')
    .addHelpText(
      'after',
      `
The cluster file is changed if the result is valid; its comments are kept. Then hw5 does what \`up\` does. Remaining tasks keep their addresses
and keep running; new ones get the next free addresses; when the number is reduced, the tasks with the highest numbers are stopped.

Examples:
  hw5 scale ssh=6
  hw5 scale ssh=4 --dry-run
  hw5 --lab scale ssh=5`,
    )
    .action(async (words: string[], _options, command: Command) => {
      const options = optionsOf<{dryRun?: boolean}>(command);
      const counts = parseCounts(words);
      const file = await realpath(await clusterFile(options, context));
      const before = await readFile(file, 'utf8');
      // also checks that the files to upload exist
      await loadCluster(file, {env: context.env, home: context.home});
      const {text, cluster} = scaleText(before, file, counts, {env: context.env, home: context.home});
      const run = await runOptionsOf(cluster, options, context, now());
      const diff = text === before ? '' : createTwoFilesPatch(file, file, before, text, '', '', {context: 2});
      if (options.json)
        context.stdout.write(formatJson(eventSchema, {type: 'scale', counts: Object.fromEntries(counts), file, diff}, 0));
      else context.stdout.write(diff === '' ? `${file} contains these numbers already\n` : coloured(diff));
      if (options.dryRun) {
        const plans = await planRun({...run, emit: () => {}});
        if (!options.json) context.stdout.write(`\n${planText(plans)}`);
        const errors = new Set(plans.flatMap((plan) => (plan.error ? [plan.error] : [])));
        if (errors.size > 0) throw new Hw5Errors([...errors]);
        return;
      }
      if (text !== before) await changeFile(file, before, text);
      const errors = await upRun({...run, lockAs: holder('scale')}).then(
        (result) => result.errors,
        (error: unknown) => {
          // for example, another hw5 holds the lock of a host
          if (error instanceof Hw5Error && !(error instanceof InterruptedError)) return [error];
          throw error;
        },
      );
      if (errors.length > 0) {
        const hint = 'the cluster file is already changed; fix the cause, then run `hw5 up`';
        throw new Hw5Errors([...errors, new Hw5Error('the hosts do not yet match the cluster file', {hint})]);
      }
    });
}

function coloured(diff: string): string {
  return diff
    .split('\n')
    .slice(2)
    .map((line) => (line.startsWith('+') ? chalk.green(line) : line.startsWith('-') ? chalk.red(line) : line))
    .join('\n');
}
