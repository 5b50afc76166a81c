import {BaseSequencer, type TestSpecification} from 'vitest/node';

/**
 * The test files that take longest, the longest first, so that no worker is idle at the end. The second one needs no cluster: it runs while
 * the second worker's cluster is still being made.
 */
const ORDER = [
  'integration/firewall.test.ts',
  'integration/lab.test.ts',
  'integration/chaos.test.ts',
  'integration/cluster-down.test.ts',
  'integration/cluster.test.ts',
  'integration/tasks.test.ts',
  'e2e/notebook.test.ts',
  'integration/cluster-restore.test.ts',
  'integration/lab-saves.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => groupOf(one) - groupOf(other) || rank(one) - rank(other));
  }
}

function groupOf(file: TestSpecification): number {
  return file.project.config.sequence.groupOrder;
}

function rank(file: TestSpecification): number {
  const index = ORDER.findIndex((name) => file.moduleId.endsWith(`/test/${name}`));
  return index === -1 ? ORDER.length : index;
}
