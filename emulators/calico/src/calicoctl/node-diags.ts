import {cp, mkdir, mkdtemp, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {reasonOf} from '../log.js';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';
import {requireRoot} from './root.js';

interface Dump {
  /** Printed before the command runs. */
  readonly title?: string;
  readonly argv: readonly string[];
  readonly file: string;
}

/** What upstream collects, without the statistics of its Felix and without `ipset` in a container of its image. */
const DUMPS: readonly Dump[] = [
  {argv: ['date'], file: 'date'},
  {argv: ['hostname'], file: 'hostname'},
  {title: 'Dumping netstat', argv: ['netstat', '--all', '--numeric'], file: 'netstat'},
  {title: 'Dumping routes (IPv4)', argv: ['ip', '-4', 'route'], file: 'ipv4_route'},
  {title: 'Dumping routes (IPv6)', argv: ['ip', '-6', 'route'], file: 'ipv6_route'},
  {title: 'Dumping interface info (IPv4)', argv: ['ip', '-4', 'addr'], file: 'ipv4_addr'},
  {title: 'Dumping interface info (IPv6)', argv: ['ip', '-6', 'addr'], file: 'ipv6_addr'},
  {title: 'Dumping iptables (IPv4)', argv: ['iptables-save'], file: 'ipv4_tables'},
  {title: 'Dumping iptables (IPv6)', argv: ['ip6tables-save'], file: 'ipv6_tables'},
  {title: 'Dumping ipsets', argv: ['ipset', 'list'], file: 'ipsets'},
  {
    title: 'Copying journal for calico-node.service',
    argv: ['journalctl', '-u', 'calico-node.service', '--no-pager'],
    file: 'journalctl_calico_node',
  },
];

/** `calicoctl node diags`: writes a bundle below /tmp. A part that cannot be collected is reported and is no error. */
export async function nodeDiags(io: Io, args: readonly string[]): Promise<number> {
  const {values} = parseFlags(['node', 'diags'], args, {values: {'log-dir': '/var/log/calico'}});
  requireRoot(io);
  io.print('Collecting diagnostics\n');
  const directory = await mkdtemp(join(tmpdir(), 'calico'));
  io.print(`Using temp dir: ${directory}\n`);
  const diagnostics = join(directory, 'diagnostics');
  await mkdir(diagnostics);
  for (const dump of DUMPS) await write(io, dump, diagnostics);
  await copyLogs(io, values['log-dir'] ?? '', join(diagnostics, 'logs'));
  const bundle = join(directory, `diags-${timestamp(new Date())}.tar.gz`);
  const packed = await io.run(['tar', '-C', directory, '-zcvf', bundle, 'diagnostics']);
  if (packed.code !== 0) io.print(`Error compressing the diagnostics: exit status ${packed.code}\n`);
  io.print(`\nDiags saved to ${bundle}\n`);
  io.print(`If required, you can upload the diagnostics bundle to a file sharing service \n`);
  io.print(`such as transfer.sh using curl or similar.  For example:\n\n`);
  io.print(`    curl --upload-file ${bundle} https://transfer.sh/${bundle}\n`);
  return 0;
}

async function write(io: Io, {title, argv, file}: Dump, directory: string): Promise<void> {
  if (title !== undefined) io.print(`${title}\n`);
  const result = await io.run(argv);
  const output = result.stdout + result.stderr;
  if (result.code !== 0) {
    // v1.2.0 prints Go's error only
    io.print(
      io.version === 'v1.2.0' ? `exit status ${result.code}\n` : `Failed to run command: ${argv.join(' ')}\nError: ${output}\n`,
    );
  }
  await writeFile(join(directory, file), output);
}

async function copyLogs(io: Io, from: string, to: string): Promise<void> {
  try {
    if ((await stat(from)).isDirectory()) {
      io.print('Copying Calico logs\n');
      await cp(from, to, {recursive: true});
    } else {
      io.print(`No logs found in ${from}; skipping log copying`);
    }
  } catch (error) {
    io.print(`Error copying log files: ${reasonOf(error)}\n`);
  }
}

/** As `20261128_173000`, in local time. */
function timestamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
