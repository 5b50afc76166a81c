import * as z from 'zod';
import {schedulerState} from '../../scheduler-api/state.js';

/** `hw5 task list --json`: the scheduler's state as its leader reports it */
export const taskListSchema = schedulerState;

/** One line of `hw5 task restart|kill|release --json` */
export const taskActionSchema = z.strictObject({
  task: z.string(),
  command: z.enum(['restart', 'kill', 'release']),
  message: z.string(),
});
