import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {RunEvent} from '../../src/engine/events.js';
import {labDown} from '../../src/lab/down.js';
import {emulators} from '../../src/lab/emulators.js';
import {labExec, sshCommand} from '../../src/lab/exec.js';
import {labHost} from '../../src/lab/host.js';
import {defineLab, labFrom} from '../../src/lab/lab.js';
import {freezeMachines} from '../../src/lab/machine/freeze.js';
import {answersSsh} from '../../src/lab/machine/ssh-banner.js';
import {labPowerOff} from '../../src/lab/power.js';
import type {Preinstalled} from '../../src/lab/preinstalled.js';
import {run} from '../../src/lab/run.js';
import {removeSave} from '../../src/lab/saves/remove.js';
import {labRestore} from '../../src/lab/saves/restore.js';
import {labSave} from '../../src/lab/saves/save.js';
import {listSaves, savePaths, savesDirectory} from '../../src/lab/saves/saves.js';
import {labStatus} from '../../src/lab/status.js';
import {labUp} from '../../src/lab/up.js';
import {InterruptedError} from '../../src/support/errors.js';

const options = {name: 'saves-test', count: 2, subnet: '198.18.0.224/27', sudoPassword: ['node1']};
const host = labHost(process.env, homedir());
const context = {emit: () => undefined};
const lab = labFrom(defineLab(options), host);
const [node0, node1] = lab.machines as [(typeof lab.machines)[number], (typeof lab.machines)[number]];

const inside = async (machine: string, script: string): Promise<string> => {
  const result = await labExec({lab: lab.name, machine}, ['sh', '-c', script], host);
  return `${result.stdout}${result.stderr}`.trim();
};
const overSsh = (machine: string, script: string): Promise<string> => run([...sshCommand(lab, machine), script]);
const isOn = async (): Promise<boolean[]> =>
  (await labStatus({name: lab.name}, host)).machines.map((machine) => machine.isRunning && machine.answersSsh);

/** Files of every kind that the upper layer of an overlay may contain, and Docker's. */
const CHANGE = `
echo kept > /root/kept; chmod 640 /root/kept; chown 7:8 /root/kept; ln /root/kept /root/second; ln -s kept /root/link
rm /etc/issue.net; rm -r /usr/share/perl5; mkdir /usr/share/perl5; touch /usr/share/perl5/own
cp /bin/ping /root/ping; setfattr -n user.note -v kept /root/kept 2>/dev/null || true
truncate -s 500M /root/sparse
docker volume create data >/dev/null; echo inside > /var/lib/docker/volumes/data/_data/file`;
const OBSERVE = `
cat /root/kept; stat -c '%a %u %g %h %i' /root/kept /root/second | sed 's/ [0-9]*$//'; readlink /root/link
ls /etc/issue.net /usr/share/perl5 2>&1
stat -c '%s %b' /root/sparse
cat /var/lib/docker/volumes/data/_data/file; docker volume ls -q
cat /etc/machine-id; sha256sum /etc/ssh/ssh_host_ed25519_key; hostname; ls /root`;

describe.sequential('a saved lab', () => {
  let preinstalled: Preinstalled;
  const up = () => labUp(options, host, preinstalled, context);
  const restore = (save: string) => labRestore({lab: lab.name, save}, host, preinstalled, context);
  const dockerIsUp = () =>
    expect.poll(() => inside('node0', 'docker info >/dev/null 2>&1 && echo up'), {timeout: 60_000}).toBe('up');
  const removeAll = async (): Promise<void> => {
    for (const {name} of await listSaves(host, lab.name)) await removeSave({lab: lab.name, save: name}, host);
    await labDown({name: lab.name}, host, context);
  };

  beforeAll(async () => {
    preinstalled = {packages: (await emulators(host.emulators)).packages, files: [], enable: []};
    await removeAll();
    await up();
  });
  afterAll(removeAll);

  it('comes back with files, deleted files, host keys and sudo passwords as they were, regardless of changes since', async () => {
    await dockerIsUp();
    await inside('node0', CHANGE);
    const before = await inside('node0', OBSERVE);
    const knownHosts = await readFile(lab.files.knownHosts, 'utf8');
    const password = await readFile(node1.sudoPasswordFile, 'utf8');
    const save = await labSave({lab: lab.name, save: 'first'}, host, context);
    expect(save).toMatchObject({name: 'first', running: ['node0', 'node1'], lab: {name: lab.name, count: 2}});
    // the machines are still running
    expect(await isOn()).toEqual([true, true]);

    await inside('node0', 'rm -rf /root/kept /root/link /usr/share/perl5 /var/lib/docker/volumes; echo more > /root/more');
    await inside('node1', 'rm -rf /usr /etc 2>/dev/null');
    await writeFile(lab.files.cluster, `${await readFile(lab.files.cluster, 'utf8')}# changed\n`);
    const restored = await restore('first');

    expect(await readFile(lab.files.knownHosts, 'utf8')).toBe(knownHosts);
    expect(await readFile(node1.sudoPasswordFile, 'utf8')).toBe(password);
    expect(await overSsh('node1', 'hostname')).toBe('node1\n');
    await dockerIsUp();
    expect(await inside('node0', OBSERVE)).toBe(before);
    expect(before).toContain('inside');
    expect(await readFile(lab.files.cluster, 'utf8')).not.toContain('# changed');
    expect(await readFile(restored.replacedCluster!, 'utf8')).toContain('# changed');
  });

  it('survives the removal of the lab, and another lab of that name with other addresses', async () => {
    const id = await inside('node0', 'cat /etc/machine-id');
    await labDown({name: lab.name}, host, context);
    expect((await listSaves(host, lab.name)).map(({name}) => name)).toEqual(['first']);
    await restore('first');
    expect(await inside('node0', 'cat /etc/machine-id')).toBe(id);

    await labDown({name: lab.name}, host, context);
    await labUp({name: lab.name, count: 3, subnet: '198.18.1.64/27'}, host, preinstalled, context);
    await restore('first');
    expect((await labStatus({name: lab.name}, host)).machines.map(({address}) => address)).toEqual([
      node0.address,
      node1.address,
    ]);
    expect(await overSsh('node0', 'ping -q -c1 -W2 node1 >/dev/null && hostname')).toBe('node0\n');
  });

  it('has the machines off that were off', async () => {
    await labPowerOff({lab: lab.name, machine: 'node1'}, host, {});
    await labSave({lab: lab.name, save: 'half'}, host, context);
    await up();
    expect(await isOn()).toEqual([true, true]);
    await restore('half');
    expect(await isOn()).toEqual([true, false]);
  });

  it('does not exist after an interruption, which is reported', async () => {
    const interruption = new AbortController();
    const emit = (event: RunEvent): void => {
      if (event.type === 'action' && event.action.startsWith('copying')) interruption.abort(new InterruptedError('interrupted'));
    };
    await expect(labSave({lab: lab.name, save: 'cut'}, host, {signal: interruption.signal, emit})).rejects.toMatchObject({
      exitCode: 130,
      hint: 'nothing was saved',
    });
    expect((await readdir(savesDirectory(host, lab.name))).sort()).toEqual(['first', 'half']);
    await dockerIsUp();
  });

  it('is not overwritten, and an unknown one is an error that lists those that exist', async () => {
    await expect(labSave({lab: lab.name, save: 'half'}, host, context)).rejects.toThrow('has a save "half" already');
    await expect(restore('hal')).rejects.toMatchObject({
      message: 'the lab saves-test has no save "hal"',
      hint: 'its saves are first, half',
    });
    await expect(labSave({lab: lab.name, save: '../x'}, host, context)).rejects.toThrow('is not a name for a save');
    await removeSave({lab: lab.name, save: 'half'}, host);
    expect((await listSaves(host, lab.name)).map(({name}) => name)).toEqual(['first']);
  });

  it('that was made over another base is rejected, and the lab stays as it is', async () => {
    const {record} = savePaths(host, lab.name, 'first');
    const text = await readFile(record, 'utf8');
    await up();
    try {
      await writeFile(record, text.replace(/"baseIdentity": "/, '"baseIdentity": "0'));
      await expect(restore('first')).rejects.toThrow('was made over another base file system');
      await writeFile(record, text.replace(/"baseKey": "/, '"baseKey": "0'));
      await expect(restore('first')).rejects.toMatchObject({hint: expect.stringContaining('lab saved --delete first')});
    } finally {
      await writeFile(record, text);
    }
    expect(await isOn()).toEqual([true, true]);
  });

  it('leaves nothing when saving it is killed: the machines run on, and the next command removes the rest', async () => {
    // so that copying takes a while
    await inside('node0', 'head -c 400000000 /dev/zero > /root/large');
    const source = fileURLToPath(new URL('../../src/lab/saves/save.ts', import.meta.url));
    const program = `
      import {labSave} from ${JSON.stringify(source)};
      const emit = ({type, action}) => type === 'action' && console.log(action);
      await labSave(${JSON.stringify({lab: lab.name, save: 'killed'})}, ${JSON.stringify(host)}, {emit});`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // the copy has begun: the machines are stopped
    const copied = join(savesDirectory(host, lab.name), '.killed/lab/node0/upper');
    await expect.poll(() => existsSync(copied), {timeout: 30_000, interval: 2}).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(isOn, {timeout: 30_000}).toEqual([true, true]);
    expect(await readdir(savesDirectory(host, lab.name))).toContain('.killed');
    await up();
    expect(await readdir(savesDirectory(host, lab.name))).toEqual(['first']);
  });

  it('leaves no machine stopped, even when the process that lets them run on was killed, too', async () => {
    await using _ = await freezeMachines(lab);
    expect(await answersSsh(node0.address, 300)).toBe(false);
    await up();
    expect(await isOn()).toEqual([true, true]);
  });
});
