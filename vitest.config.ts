import {availableParallelism} from 'node:os';
import {defineConfig} from 'vitest/config';
import {labObstacle} from './src/lab/possible.js';
import {LongestFirst} from './test/support/longest-first.js';
import {testLabs} from './test/support/test-labs.js';

/** Labs that no cluster runs on. */
const MACHINES = ['test/integration/lab.test.ts', 'test/integration/lab-saves.test.ts', 'test/integration/ssh.test.ts'];

const quick = {testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: availableParallelism()};
const isLabPossible = (await labObstacle()) === undefined;
/** After the quick ones, while which the clusters are made. */
const onLabs = {
  testTimeout: 600_000,
  hookTimeout: 1_200_000,
  // a lab each
  maxWorkers: testLabs(process.env).length,
  sequence: {groupOrder: 1},
  // no test has this name: all are skipped, and scripts/summary.mjs prints why
  ...(isLabPossible ? {} : {testNamePattern: /(?!)/}),
};

export default defineConfig({
  test: {
    sequence: {sequencer: LongestFirst},
    projects: [
      {
        test: {
          ...quick,
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'emulators/*/test/unit/**/*.test.ts', 'emulators/*/test/*.test.ts'],
          // one process for many files: loading the same modules for each would take as long as the tests do
          isolate: false,
        },
      },
      // several processes on loopback
      {test: {...quick, name: 'component', include: ['test/component/**/*.test.ts', 'emulators/*/test/component/**/*.test.ts']}},
      {test: {...onLabs, name: 'machines', include: MACHINES}},
      {
        test: {
          ...onLabs,
          name: 'lab',
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: MACHINES,
          globalSetup: isLabPossible ? ['test/support/lab-setup.ts'] : [],
        },
      },
    ],
  },
});
