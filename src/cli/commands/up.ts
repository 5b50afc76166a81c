import {Command} from 'commander';
import {pruneImages} from '../../components/prepare.js';
import {upRun} from '../../engine/runner.js';
import {Hw5Errors} from '../../support/errors.js';
import {type CliContext, now} from '../context.js';
import {optionsOf} from '../options.js';
import {holder, runOptions} from '../run-options.js';
import {notebookHint} from './notebook.js';

/** `hw5 up` */
export function upCommand(context: CliContext): Command {
  return new Command('up')
    .addHelpText(
      'after',
      `
All hosts are checked first: if a check fails, no host is changed.

Examples:
  hw5 up                      the cluster that ./cluster.yaml describes
  hw5 --lab up                the cluster on the lab's machines
  hw5 -f lab.yaml up --json   events as JSON, one object per line`,
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      const run = {...(await runOptions(options, context, now())), lockAs: holder('up')};
      const result = await upRun(run);
      if (result.errors.length > 0) throw new Hw5Errors(result.errors);
      // an old image in the cache does no harm
      await pruneImages(context.cacheDir, now()).catch(() => undefined);
      if (!options.json) context.stdout.write(`${notebookHint(run.cluster, options)}\n`);
    });
}
