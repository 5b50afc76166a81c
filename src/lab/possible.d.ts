/** What decides whether a lab can be made. */
export interface HostFacts {
  readonly platform: string;
  /** The effective user. */
  readonly uid: number | undefined;
  /** The content of /proc/self/uid_map. */
  readonly uidMap: string;
  /** The content of /proc/self/status. */
  readonly processStatus: string;
  /** The content of /proc/self/mounts. */
  readonly mounts: string;
  readonly hasOverlayfs: boolean;
  /** f_type of the file system of the machines' disks. */
  readonly stateFileSystem: number;
  /** Of those that systemd-nspawn, debootstrap and others install. */
  readonly missingPrograms: readonly string[];
  readonly hasApt: boolean;
}

/** Why no lab can be made on this host: one sentence, undefined where one can be made. @param known facts that are not read from this host, for tests */
export function labObstacle(known?: Partial<HostFacts>): Promise<string | undefined>;
