import {availableParallelism} from 'node:os';

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
 * The labs that the tests use. HW5_TEST_LABS changes their number (default 2; 1 with a single processor). HW5_TEST_LAB and HW5_TEST_SUBNET (lists separated by commas) name
 * others, so that two checkouts can run their tests at the same time.
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

/** The lab of this worker. */
export function labOfWorker(env: Readonly<Record<string, string | undefined>>): TestLab {
  const labs = testLabs(env);
  return labs[(Number(env['VITEST_POOL_ID'] ?? 1) - 1) % labs.length]!;
}
