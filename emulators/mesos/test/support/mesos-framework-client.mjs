// A scheduler made with npm's mesos-framework, a client that this project did not write. A process of its own, because the package exits the
// process on some errors and logs to the console. Argument: {port, options, frameworkId?} as JSON, where options may have `tasks` with plain
// objects for commandInfo and containerInfo. It prints the events of the scheduler, one JSON object per line, and calls methods of the
// scheduler that it reads from its input in the same way: {"method": "kill", "arguments": [...]}.
import {createInterface} from 'node:readline';
import framework from 'mesos-framework';

const {Scheduler, Mesos} = framework;
const mesos = Mesos.getMesos();
const {port, options, frameworkId} = JSON.parse(process.argv[2]);

const builder = (name) => name.split('.').reduce((type, part) => type[part], mesos);
/** Messages of the package, from {"$": "CommandInfo", …fields}. */
function build(value) {
  if (Array.isArray(value)) return value.map(build);
  if (typeof value !== 'object' || value === null) return value;
  const {$: type, ...fields} = value;
  const built = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, build(field)]));
  return type === undefined ? built : new (builder(type))(built);
}

const scheduler = new Scheduler({
  masterUrl: '127.0.0.1',
  port,
  masterConnectionTimeout: 60,
  logging: {path: '.', fileName: 'mesos-framework.log', level: 'error'},
  ...build(options),
});
scheduler.logger.remove('console');
if (frameworkId) scheduler.frameworkId = frameworkId;
const print = (event, value) => process.stdout.write(`${JSON.stringify({event, value})}\n`);
for (const event of [
  'subscribed',
  'offers',
  'update',
  'rescind',
  'failure',
  'sent_accept',
  'sent_kill',
  'sent_reconcile',
  'sent_teardown',
])
  scheduler.on(event, (value) => print(event, value));
scheduler.on('error', (error) => print('error', error.message ?? error));
scheduler.on('ready', () => scheduler.subscribe());
createInterface({input: process.stdin})
  .on('line', (line) => {
    const {method, arguments: list = []} = JSON.parse(line);
    scheduler[method](...list);
  })
  .on('close', () => process.exit(0));
