import type {TaskAction} from './commands.js';

/** The unix socket of the instance on a node; only root may open it. */
export const SOCKET = '/run/hw5/scheduler.sock';

/** GET: the state. */
export const STATE_PATH = '/v1/state';
/** PUT: the desired tasks. */
export const DESIRED_PATH = '/v1/desired';
/** GET: why a task is in its state. */
export const whyPath = (task: string): string => `/v1/why/${encodeURIComponent(task)}`;
/** POST: a command for a task. */
export const taskActionPath = (task: string, action: TaskAction): string => `/v1/tasks/${encodeURIComponent(task)}/${action}`;

/** Prints the state, on the node itself. */
export const SCHEDULER_STATE_COMMAND = `curl -sf -m 10 --unix-socket ${SOCKET} http://localhost${STATE_PATH}`;
