import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {test: {name: 'unit', include: ['test/unit/**/*.test.ts', 'test/component/**/*.test.ts', 'emulators/*/test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000}},
      {
        test: {
          name: 'lab',
          globalSetup: ['test/support/lab-setup.ts'],
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ],
  },
});
