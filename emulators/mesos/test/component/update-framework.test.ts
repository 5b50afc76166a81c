import {describe, expect, it} from 'vitest';
import {useSharedCluster} from '../support/shared-cluster.js';

describe('UPDATE_FRAMEWORK', () => {
  const shared = useSharedCluster({info: {roles: ['ra', 'rb']}, subscribe: {suppressed_roles: ['rb']}});

  const update = async (info: object, more: object = {}) => {
    const {user, ...same} = {
      user: 'root',
      name: 'test',
      failover_timeout: 60,
      checkpoint: true,
      capabilities: [{type: 'MULTI_ROLE'}],
    };
    const framework_info = {...same, user, roles: ['ra', 'rb'], id: {value: shared.framework.id}, ...info};
    const {status, text} = await shared.framework.call('UPDATE_FRAMEWORK', {update_framework: {framework_info, ...more}});
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
  ])('with %j and %j is answered with %s', async (info, more, answer) => {
    expect(await update(info, more)).toBe(answer);
  });

  it('rescinds the offers in a role that the framework leaves', async () => {
    const offer = await shared.framework.offer();
    expect(offer.allocation_info.role).toBe('ra');
    expect(await update({roles: ['rb']})).toBe('200 ');
    await shared.framework.event((event) => event.type === 'RESCIND' && event.rescind.offer_id.value === offer.id.value);
    expect((await shared.framework.offer()).allocation_info.role).toBe('rb');
  });
});
