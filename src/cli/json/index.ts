import type * as z from 'zod';
import {eventSchema} from './events.js';
import {firewallChangeSchema, firewallListSchema, firewallVerifySchema} from './firewall.js';
import {labSavedSchema, labStatusSchema} from './lab.js';
import {logLineSchema} from './logs.js';
import {notebookSchema} from './notebook.js';
import {planSchema} from './plan.js';
import {statusSchema} from './status.js';
import {taskActionSchema, taskListSchema} from './task.js';
import {clusterSchema, errorsSchema} from './validate.js';
import {whySchema} from './why.js';

/** File name in docs/schemas/ → the schema, and the output that it describes. */
export const JSON_SCHEMAS: Readonly<Record<string, {readonly title: string; readonly schema: z.ZodType}>> = {
  events: {title: 'one line of `up`, `down`, `scale`, `lab up`, `lab down`, `lab save` and `lab restore`', schema: eventSchema},
  'firewall-change': {title: '`firewall <exercise>`, `firewall remove` and `firewall reset`', schema: firewallChangeSchema},
  'firewall-list': {title: '`firewall list`', schema: firewallListSchema},
  'firewall-verify': {title: '`firewall verify`', schema: firewallVerifySchema},
  'lab-saved': {title: '`lab saved`', schema: labSavedSchema},
  'lab-status': {title: '`lab status`', schema: labStatusSchema},
  logs: {title: 'one line of `logs`', schema: logLineSchema},
  notebook: {title: '`notebook`', schema: notebookSchema},
  plan: {title: '`plan`', schema: planSchema},
  status: {title: '`status`; with --watch one line per refresh', schema: statusSchema},
  'task-action': {title: 'one line of `task restart`, `task kill` and `task release`', schema: taskActionSchema},
  'task-list': {title: '`task list`', schema: taskListSchema},
  'validate-cluster': {title: '`validate` of a valid file', schema: clusterSchema},
  'validate-errors': {title: '`validate` of an invalid file', schema: errorsSchema},
  why: {title: '`why`', schema: whySchema},
};
