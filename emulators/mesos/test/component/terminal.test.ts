import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {eventually} from '../support/eventually.js';
import {shellTask} from '../support/framework.js';
import {useSharedCluster} from '../support/shared-cluster.js';

const shared = useSharedCluster({format: 'protobuf'});

const output = (id: string, name = 'stdout'): string =>
  readFileSync(join(shared.cluster.sandbox(shared.framework, id), name), 'utf8');

async function launch(id: string, value: string, tty_info: object, more: object = {}): Promise<void> {
  const {framework} = shared;
  await framework.launch(await framework.offer(), shellTask(id, value, {container: {type: 'MESOS', tty_info}, ...more}));
}

describe('a command task with a terminal', () => {
  it('has it as standard input, output and error, and keeps its exit status', async () => {
    const isTerminal = '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo "a terminal" >&2';
    await launch('t-tty', `${isTerminal}; echo "\${SHELL-unset}, it's $1"; exit 3`, {});
    const status = await shared.framework.status('t-tty', 'TASK_FAILED');
    expect(status.message).toBe('Command exited with status 3');
    expect(output('t-tty')).toBe("a terminal\r\nunset, it's \r\n");
    expect(output('t-tty', 'stderr')).toBe('');
    expect(shared.framework.states('t-tty')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FAILED']);
  });

  it('has the requested size, and its environment', async () => {
    const environment = {variables: [{name: 'SHELL', value: '/bin/bash'}]};
    const command = {shell: false, value: 'sh', arguments: ['sh', '-c', 'stty size; echo $SHELL']};
    await launch('t-size', '', {window_size: {rows: 31, columns: 97}}, {command: {...command, environment}});
    await shared.framework.status('t-size', 'TASK_FINISHED');
    expect(output('t-size')).toBe('31 97\r\n/bin/bash\r\n');
  });

  it('waits for input, and is killed although it ignores that the terminal is closed', async () => {
    await launch('t-wait', 'trap "" HUP TERM; echo ready; read -r line; echo "read: $line"', {});
    await eventually(() => output('t-wait')).toBe('ready\r\n');
    const kill_policy = {grace_period: {nanoseconds: 2e8}};
    await shared.framework.call('KILL', {kill: {task_id: {value: 't-wait'}, kill_policy}});
    const status = await shared.framework.status('t-wait', 'TASK_KILLED');
    expect(status.message).toBe('Command terminated with signal Killed');
    expect(output('t-wait')).toBe('ready\r\n');
  });
});
