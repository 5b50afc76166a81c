import {execa} from 'execa';
import {expect, it} from 'vitest';
import {packageFile} from '../../src/support/template.js';
import {testLabs} from '../support/test-labs.js';

/** Processes that claim a lab as workers of Vitest do, and hold it until their standard input ends. */
function worker(name: string) {
  const program = `
    import {labOfProcess} from ${JSON.stringify(packageFile('test/support/test-labs.ts'))};
    console.log((await labOfProcess(process.env)).name);
    await new Promise((resolve) => process.stdin.on('end', resolve).resume());`;
  const env = {VITEST_POOL_ID: '1', HW5_TEST_LAB: `${name}-1,${name}-2`, HW5_TEST_SUBNET: '198.18.9.0/27,198.18.9.32/27'};
  const child = execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {env, stdin: 'pipe'});
  return {
    lab: new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(String(line).trim()))),
    end: async () => {
      child.stdin.end();
      await child;
    },
  };
}

it('two workers never have the same lab, also when Vitest gives both the same number', async () => {
  const name = `claim-${process.pid}`;
  const [one, other] = [worker(name), worker(name)];
  expect([await one.lab, await other.lab].sort()).toEqual([`${name}-1`, `${name}-2`]);
  const freed = await one.lab;
  // waits for a lab, as both are in use
  const third = worker(name);
  await one.end();
  expect(await third.lab).toBe(freed);
  await Promise.all([other.end(), third.end()]);
});

it('the environment selects the labs', () => {
  expect(testLabs({HW5_TEST_LABS: '1'})).toEqual([{name: 'test', subnet: '198.18.0.128/27'}]);
  expect(testLabs({HW5_TEST_LAB: 'a,b', HW5_TEST_SUBNET: '198.18.9.0/27,198.18.9.32/27'})).toEqual([
    {name: 'a', subnet: '198.18.9.0/27'},
    {name: 'b', subnet: '198.18.9.32/27'},
  ]);
  expect(() => testLabs({HW5_TEST_LAB: 'a,b,c,d', HW5_TEST_SUBNET: '198.18.9.0/27'})).toThrow('no subnet for the lab d');
});
