import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** Where the lab stores things on the host. `lab down` removes everything but the cache and the saves. */
export interface LabHost {
  /** The base file system; survives `lab down`. */
  readonly cache: string;
  /** The machines' disks, keys, the cluster file. Must be on a file system that overlayfs accepts as its upper layer (ext4, xfs, btrfs). */
  readonly state: string;
  /** What `lab save` stores; survives `lab down`. */
  readonly saves: string;
  /** Process ids. */
  readonly run: string;
  /** The emulators that `npm run build` made, one directory each. */
  readonly emulators: string;
  /** The user who ran sudo: owns the lab's key and its cluster file. */
  readonly owner?: {readonly uid: number; readonly gid: number} | undefined;
}

/** The usual places. `env` is the process's environment: XDG_CACHE_HOME moves the cache, SUDO_UID and SUDO_GID name the owner. */
export function labHost(env: Readonly<Record<string, string | undefined>>, home: string): LabHost {
  const [uid, gid] = [Number(env.SUDO_UID), Number(env.SUDO_GID)];
  return {
    cache: join(env.XDG_CACHE_HOME || join(home, '.cache'), 'hw5', 'lab'),
    state: '/var/lib/hw5/labs',
    saves: '/var/lib/hw5/lab-saves',
    run: '/run/hw5/labs',
    emulators: fileURLToPath(new URL('../../dist/emulators', import.meta.url)),
    owner: uid > 0 && gid >= 0 ? {uid, gid} : undefined,
  };
}
