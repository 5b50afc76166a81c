import {expect, it} from 'vitest';
import {firewallCommand} from '../../../src/cli/commands/firewall.js';
import type {CliContext} from '../../../src/cli/context.js';
import {UsageError} from '../../../src/support/errors.js';

/** The usage error of a command line, before the cluster file is read. */
async function usageError(...args: readonly string[]): Promise<UsageError> {
  const error = await firewallCommand({} as CliContext)
    .parseAsync(args, {from: 'user'})
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
}

it('an address behind --node is read as a node, and the error explains where it belongs', async () => {
  const error = await usageError('deny-ip', '--node', 'node1', '198.18.0.12');
  expect(error.message).toBe('deny-ip needs an address');
  expect(error.hint).toContain('it comes before --node');
});

it('help shows the address where it belongs', () => {
  const command = firewallCommand({} as CliContext).commands.find((one) => one.name() === 'deny-mac')!;
  expect(command.helpInformation()).toMatch(/^Usage: firewall deny-mac <mac> \[options\]\n/);
});

it('the time within which a change must be confirmed is minutes, not days', async () => {
  expect((await usageError('reset', '--confirm-within', '366d')).message).toBe('--confirm-within may be 10m at most');
  expect((await usageError('reset', '--confirm-within', '601s')).message).toBe('--confirm-within may be 10m at most');
});
