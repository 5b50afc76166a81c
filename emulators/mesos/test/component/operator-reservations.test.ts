import {beforeAll, describe, expect, it} from 'vitest';
import type {Event} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {cpus} from '../support/reservations.js';
import {useSharedCluster} from '../support/shared-cluster.js';

describe('an operator', () => {
  const shared = useSharedCluster({info: {roles: ['rb']}});
  let agentId: {value: string};
  beforeAll(async () => {
    agentId = (await shared.framework.offer()).agent_id;
  });

  const form = async (action: string, resources: string, slaveId = agentId.value) => {
    const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
    const body = new URLSearchParams({slaveId, resources}).toString();
    const {status, text} = await sendRequest(shared.master.port, 'POST', `/master/${action}`, headers, body);
    return `${status} ${text}`.trim();
  };
  const call = async (body: object) => {
    return (await sendRequest(shared.master.port, 'POST', '/api/v1', JSON_HEADERS, JSON.stringify(body))).status;
  };
  const state = async () => JSON.parse((await sendRequest(shared.agent.port, 'GET', '/state')).text);

  it('reserves offered resources: the offer is rescinded, and the agent stores the reservation', async () => {
    const before = shared.framework.events.filter((event) => event.offers).at(-1).offers.offers[0].id.value;
    expect(await form('reserve', JSON.stringify([cpus(1.5, {principal: 'op'})]))).toBe('202');
    await shared.framework.event((event) => event.rescind?.offer_id.value === before);
    const cpusLeft = (await shared.framework.offer()).resources.find((resource: Event) => resource.name === 'cpus');
    expect(cpusLeft.scalar.value).toBe(0.5);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(1.5);
    const shown = JSON.parse((await sendRequest(shared.master.port, 'GET', `/slaves?slave_id=${agentId.value}`)).text).slaves[0];
    expect(shown.reserved_resources_full.ra).toMatchObject([{scalar: {value: 1.5}, role: 'ra', reservation: {principal: 'op'}}]);
  });

  it('unreserves a part of them with a call of the operator API', async () => {
    const resources = [cpus(1, {principal: 'op'})];
    expect(await call({type: 'UNRESERVE_RESOURCES', unreserve_resources: {agent_id: agentId, resources}})).toBe(202);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(0.5);
    expect(await call({type: 'RESERVE_RESOURCES', reserve_resources: {agent_id: agentId, resources}})).toBe(202);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(1.5);
  });

  it('cannot reserve with invalid requests, nor resources that the agent does not have', async () => {
    expect(await form('reserve', '[]', 'nobody')).toBe('400 No agent found with specified ID');
    expect(await form('reserve', '[')).toMatch(/^400 Error in parsing 'resources' query parameter/);
    expect(await form('reserve', JSON.stringify([cpus(1)]))).toMatch(
      /^400 Invalid RESERVE operation on agent .* not dynamically reserved/,
    );
    expect(await form('unreserve', JSON.stringify([cpus(5, {})]))).toMatch(
      /^409 Invalid UNRESERVE operation: .* does not contain/,
    );
    expect((await sendRequest(shared.master.port, 'GET', '/master/reserve')).status).toBe(405);
  });
});
