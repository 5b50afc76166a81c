/** Where hw5 puts things on a node. All of it goes away with `hw5 down`. */
export const ETC = '/etc/hw5';
/** What was there before hw5, so that `down` can bring it back. */
export const RESTORE = `${ETC}/restore`;
/** Programs that hw5 brings. */
export const PROGRAMS = '/usr/local/lib/hw5';
/** The address of the loopback interface. */
export const LOOPBACK = '127.0.0.1';
/** Data. */
export const DATA = '/var/lib/hw5';

/** The path of a systemd unit that hw5 writes. */
export function unitPath(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}
