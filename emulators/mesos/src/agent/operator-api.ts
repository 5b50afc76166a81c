import {statSync} from 'node:fs';
import {notFound, type Reply, type Request} from '../common/http-server.js';
import {answerCall, readOperatorCall} from '../common/operator-call.js';
import {VERSION} from '../common/version.js';
import {type AgentInfo, isTerminal} from '../common/wire.js';
import {getContainers} from './container-views.js';
import type {EndpointContext} from './endpoint-context.js';
import {type FilesRoot, filesRoot, findFile, listFiles, readPart} from './files.js';
import {metrics} from './metrics.js';
import {OPERATOR_CALLS, type OperatorCall} from './operator-call.js';
import {RESPONSE} from './operator-response-spec.js';
import {executorJson, taskJson} from './operator-views.js';
import {groupName, userName} from './users.js';

/** POST /api/v1 of an agent. */
export async function operatorApi(context: EndpointContext, request: Request): Promise<Reply> {
  const read = readOperatorCall<OperatorCall>(request, OPERATOR_CALLS);
  if ('rejection' in read) return read.rejection;
  const {call, accept} = read;
  const answer = ANSWERS[call.type];
  const reply = (value: object): Reply => answerCall(RESPONSE, accept, call.type, value);
  if (answer) return reply(await answer(context));
  // There is no store of images.
  if (call.type === 'PRUNE_IMAGES') return {status: 200};
  const files = call.list_files ?? call.read_file;
  if (!files) return {status: 501, text: `${call.type} is not supported by hw5's Mesos emulator`};
  const found = (call.list_files ? list : readFile)(filesRoot(context), files as Required<OperatorCall>['read_file']);
  return found ? reply(found) : notFound();
}

const ANSWERS: Readonly<Record<string, (context: EndpointContext) => object | Promise<object>>> = {
  GET_HEALTH: () => ({healthy: true}),
  GET_VERSION: () => ({version_info: VERSION}),
  GET_LOGGING_LEVEL: () => ({level: 0}),
  GET_FLAGS: ({flags}) => ({flags: [...flags.values].map(([name, value]) => ({name, value}))}),
  GET_METRICS: (context) => ({metrics: Object.entries(metrics(context)).map(([name, value]) => ({name, value}))}),
  GET_AGENT: ({agent}) => ({agent_info: v1Info(agent.info)}),
  GET_CONTAINERS: (context) => getContainers(context),
  GET_FRAMEWORKS: (context) => frameworks(context),
  GET_EXECUTORS: (context) => executors(context),
  GET_TASKS: (context) => tasks(context),
  GET_STATE: (context) => ({get_tasks: tasks(context), get_executors: executors(context), get_frameworks: frameworks(context)}),
  GET_OPERATIONS: () => ({operations: []}),
  GET_RESOURCE_PROVIDERS: () => ({resource_providers: []}),
};

/** The v1 form of AgentInfo, which does not have `checkpoint`. The master's responses do. */
function v1Info({checkpoint: _, ...info}: AgentInfo): object {
  return info;
}

function frameworks({agent}: EndpointContext): object {
  const infos = new Map(agent.tasks.map(({framework}) => [framework.id!.value, framework]));
  return {frameworks: [...infos.values()].map((framework_info) => ({framework_info})), completed_frameworks: []};
}

function executors({agent}: EndpointContext): object {
  return {executors: agent.tasks.map(executorJson), completed_executors: agent.completed.map(executorJson)};
}

function tasks({agent}: EndpointContext): object {
  return {
    pending_tasks: [],
    queued_tasks: [],
    launched_tasks: agent.tasks.filter((record) => !isTerminal(record.state)).map(taskJson),
    terminated_tasks: agent.tasks.filter((record) => isTerminal(record.state)).map(taskJson),
    completed_tasks: agent.completed.map(taskJson),
  };
}

function list(root: FilesRoot, {path}: {readonly path: string}): object | undefined {
  const directory = findFile(root, path);
  if (directory === undefined || !statSync(directory).isDirectory()) return undefined;
  const file_infos = listFiles(path, directory).map(({path: shown, stats}) => ({
    path: shown,
    nlink: stats.nlink,
    size: stats.size,
    mtime: {nanoseconds: Math.floor(stats.mtimeMs / 1000) * 1e9},
    mode: stats.mode,
    uid: userName(stats.uid),
    gid: groupName(stats.gid),
  }));
  return {file_infos};
}

function readFile(root: FilesRoot, {path, offset, length}: Required<OperatorCall>['read_file']): object | undefined {
  const file = findFile(root, path);
  if (file === undefined || statSync(file).isDirectory()) return undefined;
  return {size: statSync(file).size, data: readPart(file, offset, length).toString('base64')};
}
