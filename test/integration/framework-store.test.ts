import {beforeAll, describe} from 'vitest';
import {EtcdKeyValues} from '../../src/framework/etcd.js';
import {pause} from '../../src/framework/wait.js';
import {keyValuesContract} from '../support/key-values-contract.js';
import {ADDRESSES, ensureCluster} from '../support/lab.js';

/** HW5_TEST_ETCD=http://… tries another etcd than the lab's. */
const given = process.env.HW5_TEST_ETCD;
const members = given === undefined ? ADDRESSES.map((address) => `http://${address}:2379`) : [given];

describe('the store in etcd', () => {
  beforeAll(async () => {
    if (given === undefined) await ensureCluster();
  });
  keyValuesContract(
    () => new EtcdKeyValues(members),
    // etcd checks leases twice a second, after it has given them a moment's grace.
    () => pause(5_000),
  );
});
