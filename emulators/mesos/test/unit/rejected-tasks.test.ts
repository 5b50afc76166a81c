import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {type Event, resources, shellTask, type TestFramework} from '../support/framework.js';
import {TestStateMachine} from '../support/state-machine.js';

const SMALL = 'cpus:2;mem:2048;disk:2048;ports:[31000-32000]';

/** Launches one task on a machine of one agent; returns the states and the last message told of it. */
function outcome(task: object): {states: string[]; message: string; reason: string} {
  const machine = new TestStateMachine();
  machine.agent('a', SMALL);
  machine.framework('f');
  const [offer] = machine.offers('f');
  const operations = [{type: 'LAUNCH', launch: {task_infos: [{...shellTask('t', 'true', task), agent_id: offer.agent_id}]}}];
  machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations}});
  const statuses = machine.events('f').flatMap((event: Event) => (event.update ? [event.update.status] : []));
  const isLaunched = machine.messages('a').some((message) => message.type === 'RUN_TASK');
  return {
    states: [...statuses.map((status) => status.state), ...(isLaunched ? ['launched'] : [])],
    message: statuses.at(-1)?.message ?? '',
    reason: statuses.at(-1)?.reason ?? '',
  };
}

const cpus = (more: object) => [{name: 'cpus', type: 'SCALAR', scalar: {value: 1}, ...more}];

describe('a task is not launched', () => {
  it.each([
    ['negative cpus', resources(-1, 32), 'Invalid scalar resource: value < 0'],
    ['cpus without a value', cpus({scalar: undefined}), 'Invalid scalar resource'],
    ['cpus that are both a number and a set', cpus({set: {item: ['a']}}), 'Invalid scalar resource'],
    ['ports the wrong way round', [{name: 'ports', type: 'RANGES', ranges: {range: [{begin: 2, end: 1}]}}], 'begin > end'],
    [
      'ports twice',
      [{name: 'ports', type: 'RANGES', ranges: {range: [...[1, 2].map((begin) => ({begin, end: 31001}))]}}],
      'overlapping ranges',
    ],
    ['half a gpu', [{name: 'gpus', type: 'SCALAR', scalar: {value: 0.5}}], 'must be an unsigned integer'],
    ['cpus of a role that is none', cpus({role: 'bad/'}), "Role 'bad/' cannot end with a slash"],
    [
      'a persistent volume',
      cpus({name: 'disk', disk: {persistence: {id: 'v'}}}),
      'Persistent volumes and disks are not supported',
    ],
    ['revocable cpus', cpus({revocable: {}}), 'Oversubscription is not supported'],
  ])('with %s', (_, list, words) => {
    const {states, message, reason} = outcome({resources: list});
    expect(states).toEqual(['TASK_ERROR']);
    expect(reason).toBe('REASON_TASK_INVALID');
    expect(message).toMatch(/^Task uses invalid resources: /);
    expect(message).toContain(words);
  });
});

/** A docker task with one volume. */
const withVolume = (volume: object) => ({
  container: {type: 'DOCKER', docker: {image: 'i'}, volumes: [{container_path: '/data', mode: 'RW', ...volume}]},
});
const withVariable = (variable: object) => ({command: {value: 'true', environment: {variables: [{name: 'S', ...variable}]}}});

describe('a task that asks for what would be lost without a word is refused in words:', () => {
  it.each([
    [{check: {type: 'TCP', tcp: {port: 1}}}, 'General checks are not supported'],
    [{limits: {cpus: {value: 2}}}, 'Resource limits are not supported'],
    [{max_completion_time: {nanoseconds: -1}}, "'max_completion_time' must be non-negative"],
    [
      {container: {type: 'MESOS', volumes: [{container_path: 'v', host_path: '/v', mode: 'RW'}]}},
      'Volumes of the MESOS containerizer are not',
    ],
    [{container: {type: 'MESOS', network_infos: [{name: 'n'}]}}, 'Networks of the MESOS containerizer are not supported'],
    [{container: {type: 'MESOS', mesos: {image: {}}}}, 'Images of the MESOS containerizer are not supported'],
    [{container: {type: 'MESOS', rlimit_info: {}}}, "'ContainerInfo.rlimit_info' is not supported"],
    [{container: {type: 'DOCKER'}}, "DockerInfo 'docker' is not set"],
    [withVolume({source: {type: 'SECRET'}}), 'Volumes with a source of type SECRET are not supported'],
    [withVolume({image: {}}), 'Volumes from images are not supported'],
    [
      withVolume({source: {type: 'DOCKER_VOLUME', docker_volume: {name: 'v', driver_options: {}}}}),
      'Options of volume drivers are not supported',
    ],
    [withVariable({type: 'SECRET'}), "Environment variable 'S' of type 'SECRET' must have a secret set"],
    [withVariable({}), "Environment variable 'S' of type 'VALUE' must have a value set"],
    [
      withVariable({type: 'SECRET', secret: {type: 'REFERENCE', reference: {name: 'r'}}}),
      'Default secret resolver cannot resolve references',
    ],
    [withVariable({type: 'SECRET', secret: {type: 'VALUE', value: {data: 'AA=='}}}), 'a secret containing null bytes'],
  ])('%j', (task, words) => {
    const {states, message, reason} = outcome(task);
    expect([states, reason]).toEqual([['TASK_ERROR'], 'REASON_TASK_INVALID']);
    expect(message).toContain(words);
  });
});

describe('a task group', () => {
  it('is refused as a whole, for the reason of groups', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.framework('f');
    const [offer] = machine.offers('f');
    const tasks = ['t-1', 't-2'].map((id) => ({...shellTask(id, 'true'), agent_id: offer.agent_id}));
    const launch_group = {executor: {type: 'DEFAULT', executor_id: {value: 'e'}}, task_group: {tasks}};
    machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations: [{type: 'LAUNCH_GROUP', launch_group}]}});
    const statuses = machine.events('f').flatMap((event: Event) => (event.update ? [event.update.status] : []));
    expect(statuses).toMatchObject(
      ['t-1', 't-2'].map((value) => ({task_id: {value}, state: 'TASK_ERROR', reason: 'REASON_TASK_GROUP_INVALID'})),
    );
  });
});

describe('UPDATE_FRAMEWORK', () => {
  let cluster: TestCluster;
  let master: RunningMaster;
  let framework: TestFramework;
  beforeAll(async () => {
    cluster = new TestCluster();
    master = await cluster.master();
    await cluster.agent(master);
    framework = await cluster.framework(master).subscribe({roles: ['ra', 'rb']}, {suppressed_roles: ['rb']});
  });
  afterAll(() => cluster.close());

  const update = async (info: object, more: object = {}) => {
    const {user, ...same} = {
      user: 'root',
      name: 'test',
      failover_timeout: 60,
      checkpoint: true,
      capabilities: [{type: 'MULTI_ROLE'}],
    };
    const framework_info = {...same, user, roles: ['ra', 'rb'], id: {value: framework.id}, ...info};
    const {status, text} = await framework.call('UPDATE_FRAMEWORK', {update_framework: {framework_info, ...more}});
    return `${status} ${text}`;
  };

  it.each([
    [
      {roles: ['bad/', 'bad/']},
      {},
      "400 Supplied FrameworkInfo is not valid: 'FrameworkInfo.roles' contains duplicate items: { bad/ }",
    ],
    [{user: 'nobody'}, {}, "400 Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'nobody'"],
    [
      {checkpoint: false},
      {},
      "400 Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'true' to 'false'",
    ],
    [{principal: 'p'}, {}, "400 Changing framework's principal is not allowed."],
    [{}, {suppressed_roles: ['rc']}, "400 Suppressed role 'rc' is not contained in the list of roles"],
    [{name: 'renamed'}, {suppressed_roles: ['rb']}, '200 '],
  ])('with %j and %j is answered %s', async (info, more, answer) => {
    expect(await update(info, more)).toBe(answer);
  });

  it('rescinds the offers in a role that was given up', async () => {
    const offer = await framework.offer();
    expect(offer.allocation_info.role).toBe('ra');
    expect(await update({roles: ['rb']})).toBe('200 ');
    await framework.event((event) => event.type === 'RESCIND' && event.rescind.offer_id.value === offer.id.value);
    expect((await framework.offer()).allocation_info.role).toBe('rb');
  });
});
