/** What both programs report as their version: that of the emulated Mesos. Its fields are those of upstream. */
export const VERSION = {
  version: '1.11.0',
  build_date: '2026-11-23 00:00:00 UTC',
  build_time: 1795392000,
  /** Clients can tell by it that this is not Apache Mesos. */
  build_user: 'hw5-emulator',
  /** Clients expect a commit hash, but the emulator was not built from a commit of Mesos. */
  git_sha: '0'.repeat(40),
} as const;

/** Printed by --version. */
export const VERSION_TEXT = `mesos ${VERSION.version} (hw5's emulator of Apache Mesos, not Apache Mesos)`;
