import {availableParallelism} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {TimeoutError} from '../../src/support/errors.js';
import {lock} from '../../src/support/lock.js';

/** A lab of the tests. */
export interface TestLab {
  readonly name: string;
  readonly subnet: string;
}

/** As many as there are workers for the lab's test files: each worker has a lab of its own. */
const LABS: readonly TestLab[] = [
  {name: 'test', subnet: '198.18.0.128/27'},
  {name: 'test-2', subnet: '198.18.1.0/27'},
  {name: 'test-3', subnet: '198.18.1.32/27'},
];

/**
 * The labs that the tests use. HW5_TEST_LABS changes their number (default 2; 1 with a single processor). HW5_TEST_LAB and HW5_TEST_SUBNET (lists
 * separated by commas) select others, so that two checkouts can run their tests at the same time.
 */
export function testLabs(env: Readonly<Record<string, string | undefined>>): readonly TestLab[] {
  const {HW5_TEST_LAB: names, HW5_TEST_SUBNET: subnets, HW5_TEST_LABS: count} = env;
  if (names === undefined) return LABS.slice(0, Math.max(1, Number(count ?? Math.min(2, availableParallelism()))));
  return names.split(',').map((name, index) => {
    const subnet = subnets?.split(',')[index] ?? LABS[index]?.subnet;
    if (subnet === undefined) throw new Error(`HW5_TEST_SUBNET has no subnet for the lab ${name}`);
    return {name, subnet};
  });
}

/**
 * The lab of this process. A worker of Vitest claims one until it exits. Vitest's own numbers of workers do not suffice: two can have the same one
 * when a group of projects follows another.
 */
export async function labOfProcess(env: Readonly<Record<string, string | undefined>>): Promise<TestLab> {
  const labs = testLabs(env);
  if (labs.length === 1 || env['VITEST_POOL_ID'] === undefined) return labs[0]!;
  // the worker of the file before may not have exited yet
  for (const until = Date.now() + CLAIM_LIMIT_MS; Date.now() < until; await sleep(100)) {
    for (const lab of labs) if (await claim(lab)) return lab;
  }
  throw new Error(`all labs of the tests are in use: ${labs.map(({name}) => name).join(', ')}`);
}

const CLAIM_LIMIT_MS = 60_000;

/** Takes the lock of a lab, which the kernel releases when this process exits. @returns whether it was free */
function claim({name}: TestLab): Promise<boolean> {
  return lock(`a worker of the tests on ${name}`, 0).then(
    () => true,
    (error: unknown) => {
      if (error instanceof TimeoutError) return false;
      throw error;
    },
  );
}
