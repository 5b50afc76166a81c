import {describe, expect, it} from 'vitest';
import type {RunEvent} from '../../../src/engine/events.js';
import {type DoPart, HERE, labRun} from '../../../src/lab/report.js';
import {Hw5Error, InterruptedError} from '../../../src/support/errors.js';
import {lock} from '../../../src/support/lock.js';

/** Runs an operation on a lab. @returns its events in short form */
async function eventsOf(
  work: (part: DoPart) => Promise<unknown>,
  options: {readonly signal?: AbortSignal; readonly name?: string; readonly onEvent?: (event: RunEvent) => void} = {},
): Promise<{readonly words: readonly string[]; readonly error: unknown}> {
  const words: string[] = [];
  const emit = (event: RunEvent): void => {
    words.push(inShort(event));
    options.onEvent?.(event);
  };
  const lab = {name: options.name ?? `test ${Math.random()}`, machines: ['node0', 'node1']};
  const error = await labRun({signal: options.signal, emit}, 'up', lab, work).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return {words, error};
}

function inShort(event: RunEvent): string {
  switch (event.type) {
    case 'start':
      return `start ${event.run} ${event.hosts.join()} ${event.steps.map((step) => step.name).join()}`;
    case 'step-end':
      return `${event.step} ${event.host} ${event.outcome}${event.error ? `: ${event.error.message}` : ''}`;
    case 'action':
      return `${event.step} ${event.host}: ${event.action}`;
    case 'waiting':
      return `waiting for ${event.reason}`;
    case 'end':
      return `end ${event.changed} ${event.unchanged} ${event.failed}`;
    case 'step-start':
      return `${event.step} ${event.host} …`;
    default:
      return event.type;
  }
}

describe('the making of a lab', () => {
  it('emits the same events as a run on a cluster, with the machines as hosts', async () => {
    const {words} = await eventsOf(async (part) => {
      await part('lab', HERE, async () => false);
      await part('machine', 'node0', async (say) => {
        say('starting');
        return true;
      });
    });
    expect(words).toEqual([
      'start up this host,node0,node1 lab,machine',
      'lab this host …',
      'lab this host unchanged',
      'machine node0 …',
      'machine node0: starting',
      'machine node0 changed',
      'end 1 1 0',
    ]);
  });

  it.each([
    ['up', 'network and disks'],
    ['restore', 'network and disks'],
    ['save', 'copy of the machines'],
  ] as const)('has a title for what `lab %s` does on this host', async (run, title) => {
    const titles: string[] = [];
    const emit = (event: RunEvent): void => void (event.type === 'step-end' && titles.push(event.title));
    await labRun({emit}, run, {name: `test ${Math.random()}`, machines: []}, (part) => part('lab', HERE, async () => true));
    expect(titles).toEqual([title]);
  });

  it('ends with the number of failures, and the error', async () => {
    const broken = new Hw5Error('node0 did not boot');
    const {words, error} = await eventsOf((part) =>
      part('machine', 'node0', async () => {
        throw broken;
      }),
    );
    expect(words.slice(2)).toEqual(['machine node0 failed: node0 did not boot', 'end 0 0 1']);
    expect(error).toBe(broken);
  });

  it('fails also outside its parts', async () => {
    const {words} = await eventsOf(async () => {
      throw new Hw5Error('no');
    });
    expect(words.slice(1)).toEqual(['end 0 0 1']);
  });

  it('is aborted by Ctrl-C, and by what is a bug', async () => {
    const user = new AbortController();
    const {words} = await eventsOf(
      (part) =>
        part('machine', 'node0', async () => {
          user.abort();
          throw new InterruptedError('interrupted');
        }),
      {signal: user.signal},
    );
    expect(words.slice(2)).toEqual(['machine node0 interrupted', 'aborted']);
    const bug = await eventsOf(async () => {
      throw new TypeError('a bug');
    });
    expect(bug.words.at(-1)).toBe('aborted');
  });

  it('waits for another process that is changing the same lab, and reports that', async () => {
    const name = `test ${Math.random()}`;
    const other = await lock(`the lab ${name}`, 1000);
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'waiting') void other[Symbol.asyncDispose]();
    };
    const {words} = await eventsOf(async () => undefined, {name, onEvent});
    expect(words.slice(1)).toEqual([`waiting for another hw5 that is changing the lab ${name}`, 'end 0 0 0']);
  });
});
