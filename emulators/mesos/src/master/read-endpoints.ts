import {notFound, type Reply, type Request} from '../common/http-server.js';
import {type Endpoint, processEndpoint} from '../common/process-endpoints.js';
import {VERSION} from '../common/version.js';
import {authenticate, unauthorized} from './credentials.js';
import type {MasterAccess} from './master-access.js';
import {metrics} from './metrics.js';
import {summaryView} from './summary-view.js';
import {registryView, UNSET_PATHS, unsetEndpoint} from './unset-endpoints.js';
import {frameworksView, rolesView, slavesView, stateView, tasksView} from './views.js';

/** The GET endpoints. Each path but that of the version is served with and without the prefix /master. */
export function readEndpoints(master: MasterAccess, request: Request): Reply {
  const path = request.path.replace(/^\/master(?=\/)/, '');
  if (path === '/health') return {status: 200};
  if (request.path === '/version') return {status: 200, json: VERSION};
  const {address} = master.context.settings.masterInfo;
  if (path === '/redirect') return {status: 307, headers: {Location: `//${address.hostname}:${address.port}`}};
  const view = VIEWS[path];
  if (!view) return unsetEndpoint(master, request, path) ?? processEndpoint(request, ENDPOINTS) ?? notFound();
  const {credentials, isReadAuthenticated} = master.security;
  if (isReadAuthenticated && authenticate(credentials, request.headers.authorization) === undefined)
    return unauthorized('mesos-master-readonly');
  return {status: 200, json: view(master, request.query)};
}

const VIEWS: Readonly<Record<string, (master: MasterAccess, query: URLSearchParams) => object>> = {
  '/state': (master) => stateView(master.context, master.flags),
  '/state-summary': (master) => summaryView(master.context, master.flags),
  '/slaves': (master, query) => slavesView(master.context, query.get('slave_id') ?? undefined),
  '/frameworks': (master, query) => frameworksView(master.context, query.get('framework_id') ?? undefined),
  '/tasks': (master, query) => tasksView(master.context, query),
  '/roles': (master) => rolesView(master.context),
  '/flags': (master) => ({flags: Object.fromEntries(master.flags.values)}),
  '/metrics/snapshot': (master) => metrics(master.context),
  '/registrar(1)/registry': (master) => registryView(master),
  // Virtual paths of files; the master's log, with --log_dir, would be the only one.
  '/files/debug': () => ({}),
};

/** What /help lists. */
const ENDPOINTS: readonly Endpoint[] = [
  {process: 'master', name: '/api/v1', text: 'The operator API.'},
  {process: 'master', name: '/api/v1/scheduler', text: 'The scheduler API.'},
  ...[...Object.keys(VIEWS), '/health', '/redirect', '/teardown', '/reserve', '/unreserve', ...UNSET_PATHS]
    .filter((name) => !/^\/(metrics|registrar|files)/.test(name))
    .sort()
    .map((name) => ({process: 'master', name, text: `GET or POST /master${name}.`})),
  {process: 'registrar(1)', name: '/registry', text: 'The registry of agents.'},
];
