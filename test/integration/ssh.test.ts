import {createHash, randomBytes} from 'node:crypto';
import {appendFile, readFile, writeFile as writeLocal} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {inspect} from 'node:util';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {SshSettings} from '../../src/cluster/cluster.js';
import {Secret} from '../../src/host/command.js';
import {readFile as readRemote, writeFile} from '../../src/host/files.js';
import type {Host} from '../../src/host/host.js';
import type {SecretRequest} from '../../src/host/secret-source.js';
import {connectSsh, type SshOptions} from '../../src/host/ssh-host.js';
import {labDown} from '../../src/lab/down.js';
import {emulators} from '../../src/lab/emulators.js';
import {labExec} from '../../src/lab/exec.js';
import {labHost} from '../../src/lab/host.js';
import {defineLab, LAB_USER, labFrom} from '../../src/lab/lab.js';
import {labPowerOff} from '../../src/lab/power.js';
import {labUp} from '../../src/lab/up.js';
import {CommandError, ConnectError, TimeoutError} from '../../src/support/errors.js';

const options = {name: 'ssh-test', count: 2, subnet: '198.18.0.192/27', sudoPassword: ['node1']};
const labRoot = labHost(process.env, homedir());
const context = {emit: () => undefined};
const lab = labFrom(defineLab(options), labRoot);
const [node0, node1] = lab.machines as [(typeof lab.machines)[number], (typeof lab.machines)[number]];

/** Runs a script as root in a machine, without SSH. */
async function inside(machine: string, script: string): Promise<string> {
  const result = await labExec({lab: lab.name, machine}, ['sh', '-c', script], labRoot);
  return `${result.stdout}${result.stderr}`.trim();
}

describe.sequential('SSH to machines of the lab', () => {
  const opened: AsyncDisposable[] = [];
  let password: string;

  beforeAll(async () => {
    await labDown({name: lab.name}, labRoot, context);
    await labUp(options, labRoot, {packages: (await emulators(labRoot.emulators)).packages, files: [], enable: []}, context);
    password = (await readFile(node1.sudoPasswordFile, 'utf8')).trim();
  });
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });
  afterAll(() => labDown({name: lab.name}, labRoot, context));

  async function connect(
    machine: {name: string; address: string},
    ssh: Partial<SshSettings> = {},
    more: Partial<SshOptions> = {},
  ): Promise<Host> {
    const settings: SshSettings = {
      user: LAB_USER,
      port: 22,
      key: lab.files.key,
      agent: false,
      knownHosts: lab.files.knownHosts,
      connectTimeoutSeconds: 10,
      keepaliveSeconds: 15,
      ...ssh,
    };
    const host = await connectSsh({
      node: {name: machine.name, address: machine.address, ssh: settings},
      home: '/nonexistent',
      ...more,
    });
    opened.push(host);
    return host;
  }

  /** The error of connecting, or of the first command as root. */
  async function rejection(...where: Parameters<typeof connect>): Promise<ConnectError> {
    const error = await connect(...where)
      .then((host) => host.asRoot().exec(['true']))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectError);
    expect(inspect(error, {depth: 9})).not.toContain(password);
    return error as ConnectError;
  }

  const withPasswordFile = () => connect(node1, {sudoPasswordFile: node1.sudoPasswordFile});

  describe.each([
    ['without a password', () => connect(node0)],
    ['with a password', withPasswordFile],
  ])('sudo %s', (_, login) => {
    it('runs commands as root, and only those', async () => {
      const host = await login();
      expect((await host.exec(['id', '-un'])).stdout).toBe('hw5\n');
      expect(await host.asRoot().exec(['sh', '-c', 'id -un; cat; echo err >&2; exit 3'], {stdin: 'own input\n'})).toEqual({
        code: 3,
        stdout: 'root\nown input\n',
        stderr: 'err\n',
      });
      expect(host.asRoot().asRoot()).toBe(host.asRoot());
    });

    it('transfers binary data unchanged in both directions', async () => {
      const root = (await login()).asRoot();
      const content = randomBytes(20_000_000);
      const digest = createHash('sha256').update(content).digest('hex');
      expect((await root.exec(['sha256sum'], {stdin: content})).stdout).toBe(`${digest}  -\n`);
      await writeFile(root, '/var/tmp/hw5-bytes', content, {mode: 0o600});
      const back = await readRemote(root, '/var/tmp/hw5-bytes');
      expect(back && createHash('sha256').update(back).digest('hex')).toBe(digest);
      await root.exec(['rm', '/var/tmp/hw5-bytes']);
    });

    it('returns no exit code when a signal terminated the command, 127 when it does not exist', async () => {
      const root = (await login()).asRoot();
      expect((await root.exec(['sh', '-c', 'kill -KILL $$'])).code).toBeUndefined();
      expect((await root.exec(['hw5-no-such-command'])).code).toBe(127);
    });

    it("terminates root's processes at the time limit", async () => {
      const root = (await login()).asRoot();
      await expect(root.exec(['sh', '-c', 'sleep 4711 & sleep 4711'], {timeoutMs: 500})).rejects.toBeInstanceOf(TimeoutError);
      expect((await root.exec(['pgrep', '-xf', 'sleep 4711'])).code).toBe(1);
    });

    it('writes files with mode and owner, and distinguishes a forbidden file from a missing one', async () => {
      const host = await login();
      const root = host.asRoot();
      await writeFile(root, '/etc/hw5-test/secret', new Secret('x'), {mode: 0o640, owner: 'root:adm'});
      expect((await host.exec(['stat', '-c', '%a %U:%G', '/etc/hw5-test/secret'])).stdout).toBe('640 root:adm\n');
      await expect(readRemote(host, '/etc/hw5-test/secret')).rejects.toBeInstanceOf(CommandError);
      await expect(readRemote(host, '/root/missing')).rejects.toThrow(CommandError);
      expect(await readRemote(root, '/root/missing')).toBeUndefined();
      await root.exec(['rm', '-r', '/etc/hw5-test']);
    });
  });

  describe("sudo's password", () => {
    it('is requested once when no file contains it', async () => {
      const requests: SecretRequest[] = [];
      const secret = async (request: SecretRequest) => {
        requests.push(request);
        return new Secret(password);
      };
      const root = (await connect(node1, {sudoPasswordEnv: 'NODE1_SUDO'}, {secret})).asRoot();
      await Promise.all([root.exec(['true']), root.exec(['true'])]);
      expect(requests).toEqual([
        {kind: 'sudo-password', host: 'node1', env: 'NODE1_SUDO', prompt: 'Password of hw5@node1 for sudo'},
      ]);
    });

    it('appears in no command line, no environment and no log of the machine', async () => {
      const root = (await withPasswordFile()).asRoot();
      const running = root.exec(['sleep', '30'], {timeoutMs: 3000});
      const commands = await root.exec([
        'sh',
        '-c',
        'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; journalctl -b --no-pager',
      ]);
      await expect(running).rejects.toBeInstanceOf(TimeoutError);
      expect(commands.stdout).toContain('sleep');
      expect(commands.stdout).not.toContain(password);
    });

    it('is tried exactly once when it is wrong', async () => {
      const failures = () => inside('node1', 'journalctl -t sudo --no-pager | grep -c "authentication failure;"');
      const before = Number(await failures());
      const host = await connect(node1, {}, {secret: async () => new Secret('wrong-password')});
      for (let attempt = 0; attempt < 3; attempt++) {
        await expect(host.asRoot().exec(['true'])).rejects.toThrow('sudo on node1 rejected hw5: 1 incorrect password attempt');
      }
      expect(Number(await failures())).toBe(before + 1);
    });

    it('has an error with the way out when there is none', async () => {
      const error = await rejection(node1);
      expect(error.message).toBe('sudo on node1 requires the password of hw5, and none was given');
      expect(error.hint).toContain('ssh.sudoPasswordFile');
      expect((await rejection(node1, {sudoPasswordEnv: 'NODE1_SUDO'})).hint).toBe('set the environment variable NODE1_SUDO');
    });

    it('has an error for a user who may not use sudo', async () => {
      await inside(
        'node1',
        `useradd -m guest; echo 'guest:${password}' | chpasswd; cp -r /home/hw5/.ssh /home/guest/; chown -R guest: /home/guest`,
      );
      const error = await rejection(node1, {user: 'guest', sudoPasswordFile: node1.sudoPasswordFile});
      expect(error.message).toContain('sudo on node1 rejected guest: guest is not in the sudoers file');
    });

    it('has an error for a machine without sudo', async () => {
      await inside('node0', 'mv /usr/bin/sudo /usr/bin/sudo.away');
      try {
        expect((await rejection(node0)).message).toBe('sudo is not installed on node0');
      } finally {
        await inside('node0', 'mv /usr/bin/sudo.away /usr/bin/sudo');
      }
    });
  });

  describe('the login with a password', () => {
    const allow = (...lines: string[]) =>
      inside(
        'node1',
        `printf '%s\\n' '${lines.join("' '")}' >/etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh; sleep 0.5`,
      );
    const login = (given: string) => {
      const requests: SecretRequest[] = [];
      const secret = async (request: SecretRequest) => {
        requests.push(request);
        return new Secret(given);
      };
      return {where: [node1, {key: undefined, passwordEnv: 'NODE1'}, {secret}] as const, requests};
    };

    it.each([
      ['password', ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no']],
      ['keyboard-interactive', ['PasswordAuthentication no', 'KbdInteractiveAuthentication yes']],
    ])('works with %s', async (_, lines) => {
      await allow(...lines);
      const {where, requests} = login(password);
      expect((await (await connect(...where)).exec(['id', '-un'])).stdout).toBe('hw5\n');
      expect(requests).toEqual([{kind: 'login-password', host: 'node1', env: 'NODE1', prompt: 'Password of hw5@node1'}]);
    });

    it('tries a wrong one once', async () => {
      await allow('PasswordAuthentication yes', 'KbdInteractiveAuthentication yes');
      const {where, requests} = login('wrong-password');
      const error = await rejection(...where);
      expect(error.message).toMatch(/offers +publickey, password, keyboard-interactive\n +tried +password$/);
      expect(requests).toHaveLength(1);
    });

    it('is combined with the key where the server requires both', async () => {
      await allow('PasswordAuthentication yes', 'AuthenticationMethods publickey,password');
      const {where} = login(password);
      const host = await connect(where[0], {...where[1], key: lab.files.key}, where[2]);
      expect((await host.exec(['id', '-un'])).stdout).toBe('hw5\n');
    });

    it('is not included in the time limit while the user types', async () => {
      await allow('PasswordAuthentication yes');
      const secret = () => new Promise<Secret>((resolve) => setTimeout(() => resolve(new Secret(password)), 1500));
      await connect(node1, {key: undefined, connectTimeoutSeconds: 1}, {secret});
    });

    afterAll(() => inside('node1', 'rm /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh'));
  });

  it('goes through a machine as jump host', async () => {
    const jump = {host: node0.address, port: 22, user: LAB_USER, key: lab.files.key};
    const host = await connect(node1, {jump});
    expect((await host.exec(['sh', '-c', 'echo $SSH_CONNECTION'])).stdout.split(' ')[0]).toBe(node0.address);
  });

  it('reports that no host has the address', async () => {
    const error = await rejection({name: 'node9', address: '198.18.0.221'}, {connectTimeoutSeconds: 5});
    expect(error.message).toMatch(
      /^node9 is not reachable at 198\.18\.0\.221:22$|^no answer from node9 at 198\.18\.0\.221:22 within 5 s$/,
    );
    expect(error.hint).toContain('ping 198.18.0.221');
  });

  it('reports that packets are dropped', async () => {
    await inside('node1', 'iptables -I INPUT -p tcp --dport 22 -j DROP');
    try {
      const error = await rejection(node1, {connectTimeoutSeconds: 1});
      expect(error.message).toBe(`no answer from node1 at ${node1.address}:22 within 1 s`);
    } finally {
      await inside('node1', 'iptables -D INPUT -p tcp --dport 22 -j DROP');
    }
  });

  it('recognizes a reinstalled machine by its changed host key', async () => {
    const knownHosts = join(lab.directory, 'known_hosts.changed');
    const [line0, line1] = (await readFile(lab.files.knownHosts, 'utf8')).trim().split('\n');
    const [, ...key1] = line1!.split(' ');
    await writeLocal(knownHosts, '# mixed up\n');
    await appendFile(knownHosts, `${line0!.split(' ')[0]} ${key1.join(' ')}\n`);
    const error = await rejection(node0, {knownHosts}, {acceptNewHostKeys: true});
    expect(error.message).toContain('HAS CHANGED');
    expect(error.message.match(/SHA256:\S{43}/g)).toHaveLength(2);
    expect(error.hint).toContain(`remove line 2 of ${knownHosts}`);
  });

  it('notices that a machine has lost its power', async () => {
    const host = await connect(node1, {keepaliveSeconds: 0.5});
    const running = host.exec(['sleep', '60']);
    const lost = expect(running).rejects.toThrow('the connection to node1 was lost');
    await labPowerOff({lab: lab.name, machine: 'node1'}, labRoot, {});
    await lost;
  });
});
