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
    .description('bring the cluster up; what is as it should be stays untouched')
    .addHelpText(
      'after',
      '\nWhere a check of what is on the hosts fails, nothing is begun on any of them.\n\nExamples:\n  hw5 up                      the cluster of ./cluster.yaml\n  hw5 --lab up                the lab\n  hw5 -f lab.yaml up --json   events for programs, one JSON object a line',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      const run = {...(await runOptions(options, context, now())), lockAs: holder('up')};
      const result = await upRun(run);
      if (result.errors.length > 0) throw new Hw5Errors(result.errors);
      // what is left over hinders nothing
      await pruneImages(context.cacheDir, now()).catch(() => undefined);
      if (!options.json) context.stdout.write(`${notebookHint(run.cluster, options)}\n`);
    });
}
