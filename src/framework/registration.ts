import * as z from 'zod';
import {Hw5Error} from '../support/errors.js';
import type {MesosClient} from './client.js';
import {MesosError} from './mesos-error.js';

const framework = z.object({
  id: z.string(),
  name: z.string(),
  tasks: z.array(z.unknown()).optional(),
  unreachable_tasks: z.array(z.unknown()).optional(),
});
const masterState = z.object({
  frameworks: z.array(framework).optional(),
  completed_frameworks: z.array(z.object({id: z.string()})).optional(),
});

/**
 * Checks that no older framework with this name has tasks on the master, before a new one is registered: those tasks would occupy the
 * addresses, and only their own framework could kill them.
 * @throws {Hw5Error} naming the older framework, with the command that removes it
 */
export async function assertNoOldTasks(client: MesosClient, name: string, signal: AbortSignal): Promise<void> {
  const state = await read(client, signal);
  const old = state?.frameworks?.find(
    (one) => one.name === name && (one.tasks ?? []).length + (one.unreachable_tasks ?? []).length > 0,
  );
  if (old === undefined) return;
  throw new Hw5Error(
    `the framework ${old.id} of the same name still has tasks on this master, and its id is not in etcd; it has to be torn down first`,
    {
      hint: `curl -X POST http://MASTER:5050/master/teardown -d frameworkId=${old.id}`,
    },
  );
}

/** Whether the master has removed the framework, by its list of completed ones: the ERROR event has no code for it. */
export async function wasRemoved(client: MesosClient, frameworkId: string, signal: AbortSignal): Promise<boolean> {
  const state = await read(client, signal);
  return state?.completed_frameworks?.some((one) => one.id === frameworkId) ?? false;
}

/** The master's state; undefined when this framework is not allowed to read it, which is no reason to stop. */
async function read(client: MesosClient, signal: AbortSignal): Promise<z.infer<typeof masterState> | undefined> {
  try {
    const parsed = masterState.safeParse(await client.get('/master/state', signal));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof MesosError && error.status !== undefined) return undefined;
    throw error;
  }
}
