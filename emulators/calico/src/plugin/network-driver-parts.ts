import type {EtcdClient} from '../etcd/client.js';
import type {Log} from '../log.js';
import type {NodeEnvironment} from '../node/environment.js';
import type {Run} from '../process.js';
import type {NetworkName} from './docker-network.js';

/** What the calls of the network driver use. */
export interface NetworkDriverParts {
  readonly etcd: EtcdClient;
  readonly environment: NodeEnvironment;
  readonly run: Run;
  readonly networkName: NetworkName;
  readonly log: Log;
}
