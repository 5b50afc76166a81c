import {z} from 'zod';
import {Hw5Error} from '../support/errors.js';
import {type MesosClient, MesosError} from './client.js';

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
 * Refuses a new framework id while an older framework of our name still has tasks: they would hold the addresses, and nobody
 * could end them but their own framework.
 * @throws {Hw5Error} saying which, and what to do
 */
export async function mayRegisterAnew(client: MesosClient, name: string, signal: AbortSignal): Promise<void> {
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

/** Did the master remove the framework? The ERROR event has no code for it, so its list of completed frameworks is asked. */
export async function wasRemoved(client: MesosClient, frameworkId: string, signal: AbortSignal): Promise<boolean> {
  const state = await read(client, signal);
  return state?.completed_frameworks?.some((one) => one.id === frameworkId) ?? false;
}

/** undefined when we may not read it: that is no reason not to work. */
async function read(client: MesosClient, signal: AbortSignal): Promise<z.infer<typeof masterState> | undefined> {
  try {
    const parsed = masterState.safeParse(await client.get('/master/state', signal));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof MesosError && error.status !== undefined) return undefined;
    throw error;
  }
}
