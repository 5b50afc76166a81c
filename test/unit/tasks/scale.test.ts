import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {packageFile} from '../../../src/support/template.js';
import {parseCounts, scaleText} from '../../../src/tasks/scale.js';

const NODES = 'nodes: [198.18.0.10, 198.18.0.11, 198.18.0.12]\n';
const FILE = '/c/cluster.yaml';

function scale(text: string, ...counts: string[]): {text: string; tasks: string[]} {
  const scaled = scaleText(text, FILE, parseCounts(counts), {user: 'me'});
  return {text: scaled.text, tasks: scaled.cluster.framework.tasks.map(({name, address}) => `${name} ${address}`)};
}

function errorOf(text: string, ...counts: string[]): {message: string; hint?: string | undefined; exitCode: number} {
  try {
    scale(text, ...counts);
  } catch (error) {
    const {errors, exitCode} = error as {errors?: [{message: string; hint?: string}]; exitCode: number};
    const {message, hint} = errors?.[0] ?? (error as {message: string; hint?: string});
    return {message, hint, exitCode};
  }
  throw new Error('was accepted');
}

/** The lines that differ. */
function changed(before: string, after: string): string[] {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `-${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

describe('scaling', () => {
  it('changes the count and the addresses in the documented example, and no other line', () => {
    const before = readFileSync(packageFile('cluster.example.yaml'), 'utf8');
    const {text, tasks} = scale(before, 'ssh=6');
    expect(changed(before, text)).toEqual([
      '-      count: 4',
      '-      addresses: 192.168.0.101-104',
      '+      count: 6',
      '+      addresses: 192.168.0.101-106',
    ]);
    expect(tasks.slice(-2)).toEqual(['ssh-5 192.168.0.105', 'ssh-6 192.168.0.106']);
  });

  it('up and down again restores the file', () => {
    const before = readFileSync(packageFile('cluster.example.yaml'), 'utf8');
    expect(scale(scale(before, 'ssh=6').text, 'ssh=4').text).toBe(before);
    expect(scale(before, 'ssh=4').text).toBe(before);
  });

  it.each([
    ['no framework', NODES],
    ['a framework without a value', `${NODES}framework:\n`],
    ['a framework without tasks', `${NODES}framework:\n  # mine\n  name: mine   # aligned\n`],
    ['tasks without a value', `${NODES}framework:\n  tasks:\n`],
  ])('writes the default tasks out when the file has %s', (_, text) => {
    const scaled = scale(text, 'ssh=6');
    expect(scaled.text).toBe(
      `${NODES}framework:\n${text.includes('mine') ? '  # mine\n  name: mine   # aligned\n' : ''}  tasks:\n    - name: jupyter\n    - name: ssh\n      count: 6\n`,
    );
    expect(scaled.tasks).toHaveLength(7);
    expect(scaled.tasks[0]).toBe('jupyter 192.168.0.100');
  });

  it('keeps comments, styles and the indentation of lists', () => {
    const text = `# top\n${NODES}framework:\n  tasks:\n  - {name: jupyter}   # the notebook\n  - name: ssh # shells\n    count: 4   # four\n    cpus: 0.2\n# bottom\n`;
    expect(changed(text, scale(text, 'ssh=3').text)).toEqual(['-    count: 4   # four', '+    count: 3 # four']);
  });

  it('gives the group only addresses that no other task has', () => {
    const text = `${NODES}framework:\n  tasks:\n    - {name: ssh, addresses: [192.168.0.101-102, 192.168.0.110]}\n    - {name: web, image: nginx, address: 192.168.0.111}\n`;
    const scaled = scale(text, 'ssh=5');
    expect(scaled.text).toContain('{name: ssh, addresses: [192.168.0.101-102, 192.168.0.110, 192.168.0.112-113]}');
    expect(scaled.tasks).toContain('ssh-5 192.168.0.113');
  });

  it('keeps the address of every remaining task: those that hw5 chose are written into the file where they would change', () => {
    const text = `${NODES}framework:\n  tasks:\n    - name: jupyter\n    - name: ssh\n      count: 2\n    - name: web\n      image: nginx\n      count: 2\n    - name: db\n      image: redis\n`;
    const before = parseCluster(text, FILE).framework.tasks;
    for (const counts of [['ssh=4'], ['ssh=1'], ['web=1'], ['ssh=3', 'web=4']]) {
      const {tasks} = scale(text, ...counts);
      const kept = before
        .map(({name, address}) => `${name} ${address}`)
        .filter((task) => tasks.some((one) => one.split(' ')[0] === task.split(' ')[0]));
      expect(tasks, counts.join()).toEqual(expect.arrayContaining(kept));
      expect(new Set(tasks.map((task) => task.split(' ')[1])).size).toBe(tasks.length);
    }
    expect(changed(text, scale(text, 'db=1').text)).toEqual([]);
  });

  it('rejects a count for which there are not enough addresses, and reports the maximum', () => {
    const text = `${NODES}network: {subnet: 192.168.0.64/26}\nframework:\n  tasks:\n    - {name: jupyter, address: 192.168.0.66}\n    - {name: ssh, addresses: 192.168.0.123-124}\n`;
    expect(scale(text, 'ssh=4').tasks.at(-1)).toBe('ssh-4 192.168.0.126');
    expect(errorOf(text, 'ssh=5')).toMatchObject({
      message: 'ssh=5: the pool 192.168.0.64/26 has no free address after 192.168.0.126',
      hint: expect.stringContaining('at most ssh=4'),
      exitCode: 2,
    });
  });

  it('rejects what the cluster file must not contain, with the same error', () => {
    expect(errorOf(`${NODES}network: {subnet: 192.168.0.0/25}\n`, 'ssh=50').message).toContain(
      'ssh=50: network.subnet: too small',
    );
    const unique = `${NODES}framework:\n  tasks:\n    - {name: web, image: nginx, count: 3, constraints: {unique: true}}\n`;
    expect(errorOf(unique, 'web=4').message).toContain('4 tasks need a node each, but there are 3 agents');
  });

  it('rejects unknown names, with a suggestion', () => {
    expect(errorOf(NODES, 'shs=3')).toMatchObject({message: 'there is no group of tasks shs', hint: 'did you mean ssh?'});
    expect(errorOf(NODES, 'web=3')).toMatchObject({hint: 'the cluster file has ssh'});
  });

  it('makes no group of a single task: its name would change', () => {
    expect(errorOf(NODES, 'jupyter=2').message).toContain('jupyter is a single task');
    expect(scale(NODES, 'jupyter=1').tasks).toHaveLength(5);
  });

  it('does not change aliases', () => {
    const text = `x-tasks: &tasks\n  - {name: ssh, count: 2}\n${NODES}framework:\n  tasks: *tasks\n`;
    expect(errorOf(text, 'ssh=3')).toMatchObject({message: expect.stringContaining('framework.tasks is an alias'), exitCode: 2});
  });

  it('reports existing errors of the file as such', () => {
    expect(errorOf('nodes: [198.18.0.10]\nnetwrok: {}\n', 'ssh=3').message).toContain('netwrok');
  });

  it.each(['ssh', 'ssh=', 'ssh=x', 'ssh=-1', '=3', 'ssh=0'])('rejects `%s`', (word) => {
    expect(() => parseCounts([word])).toThrow(word === 'ssh=0' ? 'at least one task' : 'is not a group and its number of tasks');
  });

  it('rejects two counts for one group', () => {
    expect(() => parseCounts(['ssh=3', 'ssh=4'])).toThrow('ssh is given twice');
  });
});
