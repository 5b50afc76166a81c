import * as z from 'zod';
import {taskList} from './task.js';

/** What an operator can do with one task. */
export const taskAction = z.enum(['restart', 'kill', 'release']);

/** When a command was given, in milliseconds since 1970. */
const at = z.number();

/** A command for the leader, as an instance that does not lead puts it into the key-value store. */
export const command = z.discriminatedUnion('action', [
  z.object({action: taskAction, name: z.string(), at}),
  /** PUT /v1/desired. */
  z.object({action: z.literal('desired'), tasks: taskList, at}),
  /** Another instance reaches the Mesos master, which the leader does not. */
  z.object({action: z.literal('resign'), at}),
]);

/** The answer to a command. */
export const reply = z.object({ok: z.boolean(), message: z.string()});

/** GET /v1/why/<task>: the reasons for a task's state, the most important first. */
export const taskReasons = z.object({name: z.string(), why: z.array(z.string())});

/** The body of an answer whose status is 4xx or 5xx, except to a command. */
export const failure = z.object({error: z.string()});

export type TaskAction = z.infer<typeof taskAction>;
export type Command = z.infer<typeof command>;
export type Reply = z.infer<typeof reply>;
export type TaskReasons = z.infer<typeof taskReasons>;
export type Failure = z.infer<typeof failure>;
