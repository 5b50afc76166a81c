import {notFound, type Reply, type Request} from '../common/http-server.js';
import {type Endpoint, processEndpoint} from '../common/process-endpoints.js';
import {VERSION} from '../common/version.js';
import {containersView, statisticsView} from './container-views.js';
import type {EndpointContext} from './endpoint-context.js';
import {attachedFiles, filesApi, filesRoot} from './files.js';
import {metrics} from './metrics.js';
import {operatorApi} from './operator-api.js';
import {agentStateView} from './views.js';

/** Answers an HTTP request. Each path is served with and without the prefix /slave(1). */
export function endpoints(context: EndpointContext, request: Request): Reply | Promise<Reply> {
  const {agent, flags} = context;
  // The version belongs to the whole program.
  if (request.path === '/version') return {status: 200, json: VERSION};
  const path = request.path.replace(/^\/slave\(1\)(?=\/)/, '');
  switch (path) {
    case '/health':
      return {status: 200};
    case '/state':
      return {status: 200, json: agentStateView(agent, flags, context)};
    case '/flags':
      return {status: 200, json: {flags: Object.fromEntries(flags.values)}};
    case '/containers':
      return containersView(context).then((json) => ({status: 200, json}));
    case '/metrics/snapshot':
      return {status: 200, json: metrics(context)};
    case '/monitor/statistics':
      return statisticsView(context).then((json) => ({status: 200, json}));
    case '/api/v1':
      return operatorApi(context, request);
    case '/files/browse':
    case '/files/read':
    case '/files/download':
      return filesApi(filesRoot(context), path.slice('/files/'.length), request.query, request.response);
    case '/files/debug':
      return {status: 200, json: attachedFiles(context)};
    case '/containerizer/debug':
      // The operations of containerizers that have not finished are not recorded.
      return {status: 200, json: {pending: []}};
    default:
      return processEndpoint(request, ENDPOINTS) ?? notFound();
  }
}

/** What /help lists. */
const ENDPOINTS: readonly Endpoint[] = [
  ...['/api/v1', '/containerizer/debug', '/containers', '/flags', '/health', '/monitor/statistics', '/state'].map((name) => ({
    process: 'slave(1)',
    name,
    text: `GET or POST /slave(1)${name}.`,
  })),
  ...['/browse', '/download', '/read'].map((name) => ({process: 'files', name, text: `Files of sandboxes: ${name.slice(1)}.`})),
];
