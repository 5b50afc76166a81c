import {statfs} from 'node:fs/promises';
import {Hw5Error} from '../../support/errors.js';
import {run} from '../run.js';

/** How much has to be copied. */
export interface Amount {
  readonly bytes: number;
  /** Files, directories, links and all else. */
  readonly entries: number;
}

/** What the machines that run meanwhile may need besides. */
const SPARE_BYTES = 256 * 2 ** 20;
const PROGRESS_MS = 3_000;

/** What directories occupy on the disk. */
export async function measure(directories: readonly string[], signal?: AbortSignal): Promise<Amount> {
  const argv = ['find', ...directories, '-ignore_readdir_race', '-printf', '%b\\n'];
  const blocks = (await run(argv, {signal})).split('\n').filter(Boolean);
  return {bytes: blocks.reduce((sum, each) => sum + Number(each) * 512, 0), entries: blocks.length};
}

/** @param action what the space is for, as a sentence begins: `saving the lab hw5` @throws Hw5Error when the disk of the directory has less than that free */
export async function requireSpace(directory: string, bytes: number, action: string, hint: string): Promise<void> {
  const {bavail, bsize} = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes + SPARE_BYTES) return;
  throw new Hw5Error(`${action} needs ${inUnits(bytes + SPARE_BYTES)} in ${directory}, which has ${inUnits(free)} free`, {hint});
}

/**
 * Copies directories with all that an overlay's upper layer is made of: owners, extended attributes, device nodes, hard links, holes. Where the
 * file system can (xfs, btrfs), the copies share their blocks until one is changed.
 * @param pairs sources, and where each copy is to be; the parents exist
 * @param onProgress called every few seconds with the number of entries copied
 */
export async function copyDirectories(
  pairs: readonly {readonly from: string; readonly to: string}[],
  {onProgress, signal}: {readonly onProgress: (entries: number) => void; readonly signal?: AbortSignal | undefined},
): Promise<void> {
  let entries = 0;
  const timer = setInterval(() => onProgress(entries), PROGRESS_MS);
  const preserved = '--preserve=mode,ownership,timestamps,links,xattr';
  try {
    const results = await Promise.allSettled(
      pairs.map(({from, to}) =>
        run(
          ['cp', '--verbose', '--recursive', '--no-dereference', preserved, '--reflink=auto', '--no-target-directory', from, to],
          {
            signal,
            onLine: () => {
              entries += 1;
            },
            hint: 'check that the disk is neither full nor damaged',
          },
        ),
      ),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    clearInterval(timer);
  }
}

/** `1.7 GB`, `340 MB`. */
export function inUnits(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
