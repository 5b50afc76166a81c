/** The command line that runs a command as root in a machine, past SSH. @param leader the machine's process 1, as this computer numbers it */
export function inside(leader: number, argv: readonly string[]): string[] {
  const environment = [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
    'LANG=C.UTF-8',
    'TERM=xterm',
  ];
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  return ['nsenter', '--target', String(leader), ...namespaces, '--', 'env', '-i', '-C', '/root', ...environment, ...argv];
}
