/** The command line that runs a command as root in a machine without SSH. @param leader the host's pid of the machine's process 1 */
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
