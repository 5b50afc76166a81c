import {setTimeout} from 'node:timers/promises';
import {beforeAll, describe} from 'vitest';
import {EtcdKeyValues} from '../../src/framework/etcd.js';
import {keyValuesContract} from '../support/key-values-contract.js';
import {ADDRESSES, ensureCluster} from '../support/lab.js';

/** HW5_TEST_ETCD=http://… uses another etcd than the lab's. */
const given = process.env.HW5_TEST_ETCD;
const members = given === undefined ? ADDRESSES.map((address) => `http://${address}:2379`) : [given];

describe('the store in etcd', () => {
  beforeAll(async () => {
    if (given === undefined) await ensureCluster();
  });
  keyValuesContract(
    () => new EtcdKeyValues(members),
    // etcd checks twice a second for expired leases, and removes them some time after that.
    () => setTimeout(5_000),
  );
});
