import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** Where the lab keeps things on this computer. Everything but the cache goes away with `lab down`. */
export interface LabHost {
  /** The base file system; survives `lab down`. */
  readonly cache: string;
  /** The machines' disks, keys, the cluster file. Has to be a file system that overlayfs can write on (ext4, xfs, btrfs). */
  readonly state: string;
  /** What `lab save` keeps; survives `lab down`. */
  readonly saves: string;
  /** Process ids. */
  readonly run: string;
  /** The emulators that `npm run build` made, one directory each. */
  readonly emulators: string;
  /** Who may read the lab's key and change its cluster file besides root: the user who typed sudo. */
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
