// Prints why no lab can be made on this host and exits with 1; prints nothing and exits with 0 where one can be made. Needs no npm package.
import {labObstacle} from '../src/lab/possible.js';

const obstacle = await labObstacle();
if (obstacle !== undefined) {
  console.log(obstacle);
  process.exitCode = 1;
}
