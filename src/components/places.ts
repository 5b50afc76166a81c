/** hw5's configuration on a node. `hw5 down` removes it, and all directories below. */
export const ETC = '/etc/hw5';
/** Backups of what hw5 has replaced, which `down` restores. */
export const RESTORE = `${ETC}/restore`;
/** Programs that hw5 uploads. */
export const PROGRAMS = '/usr/local/lib/hw5';
/** The address of the loopback interface. */
export const LOOPBACK = '127.0.0.1';
/** Data. */
export const DATA = '/var/lib/hw5';

/** The path of a systemd unit that hw5 writes. */
export function unitPath(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}
