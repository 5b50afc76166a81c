import {EmulatorError, UsageError} from '../common/errors.js';
import {type Flags, parseFlags, usage} from '../common/flags.js';
import {logTo} from '../common/log.js';
import {VERSION_TEXT} from '../common/version.js';
import {AGENT_FLAGS} from './flags.js';
import {startAgent} from './start.js';

/** The program mesos-agent. */
async function main(): Promise<void> {
  // the name by which `ss` and `ps` show an upstream agent
  process.title = 'mesos-agent';
  let flags: Flags;
  try {
    flags = parseFlags(AGENT_FLAGS, process.argv.slice(2), process.env);
    if (flags.isOn('help')) return void process.stdout.write(usage('mesos-agent', AGENT_FLAGS));
    if (flags.isOn('version')) return void process.stdout.write(`${VERSION_TEXT}\n`);
    const log = logTo(process.stderr, () => new Date());
    const agent = await startAgent(flags, log, (message) => {
      log(`shut down: ${message}`);
      process.exit(0);
    });
    // The tasks continue. The next agent with this work directory recovers them.
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void agent.stop().then(() => process.exit(0)));
    process.once('SIGUSR1', () => void agent.unregister());
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
    if (error instanceof UsageError) process.stderr.write(`\n${usage('mesos-agent', AGENT_FLAGS)}`);
    process.exitCode = 1;
  }
}

void main();
