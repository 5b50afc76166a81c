/** Takes the lock of a host, prints `held`, and holds it until it is killed: `tsx hold-lock.ts PATH`. */

import {lockHost} from '../../src/engine/lock.js';
import {LocalHost} from '../../src/host/local-host.js';

await lockHost(new LocalHost(), 'a controller that dies', undefined, process.argv[2]!);
process.stdout.write('held\n');
setInterval(() => {}, 1000);
