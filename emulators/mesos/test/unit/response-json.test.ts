import {describe, expect, it} from 'vitest';
import {executorName} from '../../src/agent/container-views.js';
import {responseJson} from '../../src/common/response-json.js';
import {HEALTH_CHECK} from '../../src/common/spec/task.js';
import type {TaskInfo} from '../../src/common/wire.js';
import {RESPONSE} from '../../src/master/operator-response-spec.js';

describe('the JSON form of a response', () => {
  it('has default values in place of absent fields', () => {
    expect(responseJson(HEALTH_CHECK, {type: 'TCP', tcp: {port: 80}, interval_seconds: 0})).toEqual({
      type: 'TCP',
      tcp: {port: 80, protocol: 'IPv4'},
      delay_seconds: 15,
      interval_seconds: 0,
      timeout_seconds: 20,
      consecutive_failures: 3,
      grace_period_seconds: 10,
    });
  });

  it('has no empty lists but those of a response that consists of lists', () => {
    const info = {hostname: 'a', port: 1, attributes: [], resources: [], checkpoint: true};
    const agent = {agent_info: info, capabilities: []};
    const response = {type: 'GET_AGENTS', get_agents: {agents: [agent], recovered_agents: []}, get_operations: {operations: []}};
    expect(responseJson(RESPONSE, response)).toEqual({
      type: 'GET_AGENTS',
      get_agents: {agents: [{agent_info: {hostname: 'a', port: 1, checkpoint: true}}], recovered_agents: []},
      get_operations: {},
    });
  });
});

describe('the name of an executor', () => {
  it.each([
    [{value: 'env | sort > out'}, "sh -c 'env | sort >...'"],
    [{value: 'sleep 1000'}, "sh -c 'sleep 1000'"],
    [{shell: false, value: '/usr/sbin/sshd', arguments: ['-D']}, '[/usr/sbin/ss...]'],
    [{shell: false, value: 'a', arguments: ['b', 'c']}, '[a, b, c]'],
    [{shell: false}, 'NO EXECUTABLE'],
  ])('has the beginning of the command %j', (command, expected) => {
    expect(executorName({task_id: {value: 't'}, command} as TaskInfo)).toBe(`Command Executor (Task: t) (Command: ${expected})`);
  });
});
