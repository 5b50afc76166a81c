import {describe} from 'vitest';
import {keyValuesContract} from '../../support/key-values-contract.js';
import {MemoryKeyValues} from '../../support/memory-key-values.js';

describe('the key-value store in memory', () => {
  let now = 0;
  keyValuesContract(
    () => new MemoryKeyValues(() => now),
    async () => {
      now += 2_001;
    },
  );
});
