import {describe, expect, it} from 'vitest';
import {type Event, resources, shellTask} from '../support/framework.js';
import {TestStateMachine} from '../support/state-machine.js';

const SMALL = 'cpus:2;mem:2048;disk:2048;ports:[31000-32000]';

/** Launches a task on a single agent. @returns the states and the last message reported to the framework */
function launch(task: object): {states: string[]; message: string; reason: string} {
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

describe('a task is rejected', () => {
  it.each([
    ['negative cpus', resources(-1, 32), 'Invalid scalar resource: value < 0'],
    ['cpus without a value', cpus({scalar: undefined}), 'Invalid scalar resource'],
    ['cpus that are both a number and a set', cpus({set: {item: ['a']}}), 'Invalid scalar resource'],
    [
      'a range of ports whose end is before its begin',
      [{name: 'ports', type: 'RANGES', ranges: {range: [{begin: 2, end: 1}]}}],
      'begin > end',
    ],
    [
      'overlapping ports',
      [{name: 'ports', type: 'RANGES', ranges: {range: [...[1, 2].map((begin) => ({begin, end: 31001}))]}}],
      'overlapping ranges',
    ],
    ['half a gpu', [{name: 'gpus', type: 'SCALAR', scalar: {value: 0.5}}], 'must be an unsigned integer'],
    ['cpus of an invalid role', cpus({role: 'bad/'}), "Role 'bad/' cannot end with a slash"],
    [
      'a persistent volume',
      cpus({name: 'disk', disk: {persistence: {id: 'v'}}}),
      'Persistent volumes and disks are not supported',
    ],
    ['revocable cpus', cpus({revocable: {}}), 'Oversubscription is not supported'],
  ])('with %s', (_, list, words) => {
    const {states, message, reason} = launch({resources: list});
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

describe('a task with an invalid or unsupported setting is rejected with a message:', () => {
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
    const {states, message, reason} = launch(task);
    expect([states, reason]).toEqual([['TASK_ERROR'], 'REASON_TASK_INVALID']);
    expect(message).toContain(words);
  });
});

describe('a task group', () => {
  it('is rejected as a whole, with the reason for groups', () => {
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
