/** The version that both programs report: that of the emulated Mesos. `product` tells that they are not Mesos itself. */
export const VERSION = {
  version: '1.11.0',
  build_date: '2026-11-23 00:00:00 UTC',
  build_time: 1795392000,
  build_user: 'hw5',
  /** Clients expect a commit hash, but the emulator was not built from a commit of Mesos. */
  git_sha: '0'.repeat(40),
  product: "hw5's emulator of Apache Mesos, not Apache Mesos",
} as const;
