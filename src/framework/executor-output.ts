import {redact} from '../support/redact.js';
import {exchange} from './http.js';
import type {Sandbox} from './model.js';

const TIMEOUT_MS = 5_000;
/** Docker's reason is at the end of the executor's standard error. */
const MOST_BYTES = 8_192;
const MOST_CHARACTERS = 400;

/**
 * Why docker could not start the container of a run, by what it printed into the sandbox; undefined when it printed nothing. The agent
 * serves the sandbox, to any client unless it requires authentication.
 * @throws Error when the agent does not give it
 */
export async function explainEnd({origin, agentId, frameworkId, taskId, containerId}: Sandbox): Promise<string | undefined> {
  const {flags} = (await get(origin, '/flags')) as {flags: {work_dir: string}};
  const path = `${flags.work_dir}/slaves/${agentId}/frameworks/${frameworkId}/executors/${taskId}/runs/${containerId}/stderr`;
  const read = (offset: number) =>
    get(origin, `/files/read?path=${encodeURIComponent(path)}&offset=${offset}&length=${MOST_BYTES}`) as Promise<{
      data: string;
      offset: number;
    }>;
  // offset -1 returns the size
  const {offset: size} = await read(-1);
  const {data} = await read(Math.max(0, size - MOST_BYTES));
  return dockerReason(data);
}

/** Docker's sentence in the output of an executor, or else the last line that is none of the executor's own. */
export function dockerReason(stderr: string): string | undefined {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    // glog's lines, and what docker adds
    .filter(
      (line) =>
        line !== '' && !/^[IWEF]\d{4} /.test(line) && !/^See '\S*docker run --help'|error waiting for container/.test(line),
    );
  const sentence = lines.filter((line) => /^(\S*docker: |Error response from daemon)/.test(line)).at(-1);
  const reason =
    sentence === undefined
      ? lines.slice(-1).map((line) => `it printed: ${line}`)[0]
      : `Docker: ${sentence.replace(/^\S*docker: /, '').replace(/^Error response from daemon: /, '')}`;
  return reason === undefined ? undefined : redact(reason).slice(0, MOST_CHARACTERS);
}

async function get(origin: string, path: string): Promise<unknown> {
  const answer = await exchange({origin, path, timeoutMs: TIMEOUT_MS});
  if (answer.status !== 200) throw new Error(`GET ${path} at ${origin}: HTTP ${answer.status}`);
  return JSON.parse(answer.text);
}
