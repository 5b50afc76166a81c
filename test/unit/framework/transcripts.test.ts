import {describe, expect, it} from 'vitest';
import type {Call, MesosEvent} from '../../../src/framework/mesos.js';
import {type Effect, emptyState, type ReducerState} from '../../../src/framework/model.js';
import {reduce} from '../../../src/framework/reduce.js';
import {defaultSettings} from '../../../src/framework/settings.js';
import {taskInfo} from '../../../src/framework/task-info.js';
import {verdictOf} from '../../../src/framework/verdict.js';
import {taskSpec} from '../../support/framework-world.js';
import {recordedCalls, recordedEvents} from '../../support/mesos-transcript.js';

const updates = (name: string) =>
  recordedEvents(name).filter((event): event is Extract<MesosEvent, {type: 'UPDATE'}> => event.type === 'UPDATE');

/** Replays recorded events for a scheduler that launched the recorded task. */
function replay(name: string, taskId: string): {state: ReducerState; calls: readonly Call[]; phases: readonly string[]} {
  const [subscribed, ...events] = recordedEvents(name);
  let now = 1_795_344_470_000;
  let state = emptyState(defaultSettings);
  const calls: Call[] = [];
  const phases: string[] = [];
  const play = (event: Parameters<typeof reduce>[1]) => {
    const result = reduce(state, event, now++);
    state = result.state;
    const take = (effect: Effect) => {
      if (effect.type === 'call') calls.push(effect.call);
      if (effect.type !== 'save') return;
      calls.push(...effect.acks);
      play({type: 'saved', id: effect.id});
    };
    for (const effect of result.effects) take(effect);
  };
  play({type: 'desired', tasks: [taskSpec('t', '192.168.0.101')], at: 1});
  play({type: 'mesos', event: subscribed!});
  const agentId = updates(name)[0]!.update.status.agent_id!.value;
  state = {
    ...state,
    runs: {
      [taskId]: {
        taskId,
        name: 't',
        address: '192.168.0.101',
        agentId,
        node: '127.0.0.1',
        specHash: state.hashes.t!,
        launchedAt: now,
        phase: 'staging',
        since: now,
        isReported: false,
        hasRun: false,
        healthy: null,
        okSince: null,
        unhealthySince: null,
        containerId: null,
        message: '',
        termination: null,
        killSentAt: null,
        lostSince: null,
        abandoned: false,
        reconciliation: null,
        intent: null,
      },
    },
  };
  for (const event of events.filter((one) => one.type !== 'OFFERS')) {
    play({type: 'mesos', event});
    phases.push(state.runs[taskId]?.phase ?? 'gone');
  }
  return {state, calls, phases: phases.filter((phase, index) => phase !== phases[index - 1])};
}

describe('recorded events of an upstream master', () => {
  it('of an agent that was unreachable and returned with its task: lost, then running; nothing is killed or started', () => {
    const {phases, calls} = replay('520-subscribe-pa', 't-pa');
    expect(phases.filter((phase) => phase !== 'staging')).toEqual(['starting', 'running', 'lost', 'running']);
    expect(calls.filter((call) => call.type === 'KILL' || call.type === 'ACCEPT')).toEqual([]);
  });

  it('of an agent that unregistered: lost, because its containers may be alive', () => {
    expect(replay('530-subscribe-pa', 't-pa').phases.at(-1)).toBe('lost');
  });

  it('of an agent that an operator marked gone: gone', () => {
    expect(replay('540-subscribe-pa', 't-pa').phases.at(-1)).toBe('gone');
  });

  it('after a restart of the master, before the agent registers again: no proof of death', () => {
    expect(replay('552-resubscribe-pa', 't-pa').phases).toEqual(['staging', 'lost', 'running']);
  });

  it('in answer to a launch on a stale offer and to the reconciliation of unknown tasks', () => {
    const verdicts = updates('330-subscribe-partition-aware').map(({update}) => [
      update.status.task_id.value,
      update.status.state,
      verdictOf(update.status),
    ]);
    expect(verdicts).toContainEqual(['t-pa-stale', 'TASK_DROPPED', 'dead']);
    expect(verdicts).toContainEqual(['t-pa-u1', 'TASK_GONE', 'dead']);
    expect(verdicts).toContainEqual(['t-pa-u2', 'TASK_UNKNOWN', 'uncertain']);
    expect(verdicts).toContainEqual(['t-pa', 'TASK_KILLING', 'alive']);
  });

  it('with a uuid are acknowledged, and no others', () => {
    const {calls} = replay('520-subscribe-pa', 't-pa');
    const reported = updates('520-subscribe-pa').flatMap(({update}) => update.status.uuid ?? []);
    expect(calls.flatMap((call) => (call.type === 'ACKNOWLEDGE' ? call.acknowledge.uuid : []))).toEqual(reported);
  });

  it('of a task as hw5 launches it contain its container id and its health', () => {
    const healthy = updates('docker-on-user-network').filter(({update}) => update.status.healthy === true);
    expect(healthy[0]!.update.status).toMatchObject({
      task_id: {value: 'task_0'},
      state: 'TASK_RUNNING',
      container_status: {container_id: {value: expect.any(String)}},
    });
  });
});

describe('a launch', () => {
  it('has the same fields as the recorded one that an upstream master accepted', () => {
    const accept = recordedCalls('docker-on-user-network').find((call) => call.type === 'ACCEPT') as unknown as Extract<
      Call,
      {type: 'ACCEPT'}
    >;
    const recorded = accept.accept.operations[0]!.launch.task_infos[0]!;
    const spec = taskSpec('hw5', '192.168.0.100', {
      image: 'docker-jupyter',
      cpus: 0.5,
      mem: 256,
      command: 'jupyter',
      arguments: [...recorded.command.arguments],
    });
    const built = taskInfo(spec, recorded.task_id.value, recorded.agent_id.value, recorded.resources);
    const {health_check: _, container, ...rest} = recorded;
    const parameters = expect.arrayContaining([...container.docker.parameters]);
    expect(built).toMatchObject({...rest, container: {...container, docker: {...container.docker, parameters}}});
  });
});
