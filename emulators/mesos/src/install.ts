/**
 * What the lab's machines bring along of Mesos: the two programs on PATH, as administrators install the genuine ones. No units: hw5 writes
 * its own. nodejs runs them.
 */
export const install = {
  packages: ['nodejs'],
  files: [
    {path: '/usr/local/bin/mesos-master', mode: 0o755, program: 'mesos-master'},
    {path: '/usr/local/bin/mesos-agent', mode: 0o755, program: 'mesos-agent'},
  ],
  enable: [],
};
