import {Command} from 'commander';
import {type Cluster, nodesWith} from '../../cluster/cluster.js';
import {notebookUrls} from '../../cluster/notebook.js';
import {JUPYTER_TOKEN} from '../../components/secrets/component.js';
import {quoteAll, Secret, script} from '../../host/command.js';
import {Hw5Error} from '../../support/errors.js';
import {findCluster} from '../cluster-file.js';
import {connector} from '../connect.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {notebookSchema} from '../json/notebook.js';
import {type GlobalOptions, optionsOf} from '../options.js';

/** `hw5 notebook` */
export function notebookCommand(context: CliContext): Command {
  return new Command('notebook')
    .addHelpText('after', '\nExamples:\n  hw5 notebook\n  xdg-open "$(hw5 --lab notebook --json | jq -r .urls[0])"')
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      const cluster = await findCluster(options, context);
      const notebooks = notebookUrls(cluster);
      if (notebooks.length === 0) throw noNotebook;
      const token = (await readToken(cluster, options, context)).reveal();
      const urls = notebooks.map((url) => `${url}?token=${token}`);
      context.stdout.write(options.json ? formatJson(notebookSchema, {token, urls}) : `${urls.join('\n')}\n`);
    });
}

const noNotebook = new Hw5Error('this cluster has no notebook', {
  hint: 'it needs a task with the image `jupyter` and a node with the role `proxy`',
});

/** Reads the token from the first agent that returns it. */
async function readToken(cluster: Cluster, options: GlobalOptions, context: CliContext): Promise<Secret> {
  const connect = connector(options, context);
  const reads = nodesWith(cluster, 'agent').map(async (node) => {
    await using host = await connect(node);
    const result = await script(host.asRoot(), `cat ${JUPYTER_TOKEN}`);
    if (result.code !== 0) throw new Hw5Error(`no token on ${node.name}`, {hint: 'run `hw5 up` first'});
    return new Secret(result.stdout.trim());
  });
  return Promise.any(reads).catch((error: AggregateError) => {
    throw error.errors[0];
  });
}

/** What `up` prints at the end: the notebook's URL, and how to get the token. */
export function notebookHint(cluster: Cluster, options: GlobalOptions): string {
  const [first] = notebookUrls(cluster);
  const {file, labName, lab} = options;
  const named = file ? ['-f', file] : labName ? ['--lab-name', labName] : lab ? ['--lab'] : [];
  return first ? `notebook: ${first} (print it with its token: \`${quoteAll(['hw5', ...named, 'notebook'])}\`)` : 'done';
}
