/** What both programs say of themselves: which Mesos they speak like, and honestly that they are not it. */
export const VERSION = {
  version: '1.11.0',
  build_date: '2026-11-23 00:00:00 UTC',
  build_time: 1795392000,
  build_user: 'hw5',
  /** Clients read a text here; there is no commit of Mesos that this was built from. */
  git_sha: '0'.repeat(40),
  product: "hw5's lab work-alike of Apache Mesos, not Apache Mesos",
} as const;
