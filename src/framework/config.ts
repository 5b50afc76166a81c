import type * as z from 'zod';
import {configuration, type SchedulerConfiguration} from '../scheduler-api/configuration.js';
import {type TaskSpec, taskList} from '../scheduler-api/task.js';
import {API_VERSION, declaredVersion, describeIssues} from '../scheduler-api/version.js';
import {ConfigError} from '../support/errors.js';

/**
 * Reads the content of /etc/hw5/framework.json.
 * @throws {ConfigError} naming every error with its path, or the other version of hw5 that wrote the file
 */
export function parseConfig(content: string, file: string): SchedulerConfiguration {
  const document = parseJson(content, file);
  const version = declaredVersion(document);
  if (version !== undefined && version !== API_VERSION)
    throw new ConfigError(
      `${file} is of version ${version}, and this scheduler reads version ${API_VERSION}`,
      {file, path: 'apiVersion'},
      {hint: '`hw5 up` installs the scheduler and its configuration together'},
    );
  return check(configuration, document, file);
}

/**
 * Checks a task list that came over the control API.
 * @throws {ConfigError} naming every error with its path
 */
export function parseTasks(value: unknown, source: string): TaskSpec[] {
  return check(taskList, value, source);
}

function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, {file});
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(`${file}: ${describeIssues(result.error)}`, {file, path: result.error.issues[0]?.path.join('.')});
}
