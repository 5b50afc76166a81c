/**
 * What the lab installs on its machines: the two programs, where administrators would install those of upstream Mesos, and nodejs to run
 * them. There are no systemd units: hw5 writes its own.
 */
export const install = {
  packages: ['nodejs'],
  files: [
    {path: '/usr/local/bin/mesos-master', mode: 0o755, program: 'mesos-master'},
    {path: '/usr/local/bin/mesos-agent', mode: 0o755, program: 'mesos-agent'},
  ],
  enable: [],
};
