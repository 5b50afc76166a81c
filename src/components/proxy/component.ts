import {type Cluster, type ClusterNode, FIRST_UNPRIVILEGED_PORT} from '../../cluster/cluster.js';
import {notebookOf, proxyNodes} from '../../cluster/notebook.js';
import {type Action, ensureFile, ensureRunning, ensureUpload} from '../../engine/action.js';
import {exists, fileHash, textFile, unit} from '../../engine/facts.js';
import {Secret} from '../../host/command.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {unitHealth} from '../health.js';
import {ETC, LOOPBACK, PROGRAMS, unitPath} from '../places.js';
import {removeUnit} from '../remove-unit.js';
import {renderUnit} from '../unit-file.js';

const UNIT = 'hw5-proxy.service';
const PROGRAM_NAME = 'configurable-http-proxy';
const PROGRAM = `${PROGRAMS}/${PROGRAM_NAME}`;
const ENVIRONMENT = `${ETC}/proxy.env`;
const PAGES = `${PROGRAMS}/proxy-pages`;

function proxyUnit(node: ClusterNode, cluster: Cluster): string {
  const notebook = notebookOf(cluster)!;
  return renderUnit('proxy/hw5-proxy.service', {
    program: PROGRAM,
    environmentFile: ENVIRONMENT,
    errorPath: PAGES,
    target: `http://${notebook.address}:${notebook.port}`,
    address: node.address,
    port: cluster.proxy.port,
    apiPort: cluster.proxy.apiPort,
    capabilities: cluster.proxy.port < FIRST_UNPRIVILEGED_PORT ? 'CAP_NET_BIND_SERVICE' : '',
  });
}

/** What a proxy's health shows while it runs but cannot reach the notebook. */
export const NOTEBOOK_SILENT = 'the notebook does not answer';

/** configurable-http-proxy on every proxy node, if there is a notebook: it can be reached at the address of each of them. */
export const proxy = defineComponent({
  name: 'proxy',
  title: 'reverse proxy',
  needs: ['packages'],
  targets: proxyNodes,
  undoTargets: (cluster) => cluster.nodes,
  units: [UNIT],
  packages: () => ['nodejs'],
  programs: [PROGRAM_NAME],
  ports: ({proxy}, {address}) => [
    {port: proxy.port, protocol: 'tcp', purpose: 'the reverse proxy', access: 'outside', bind: [address]},
    {port: proxy.apiPort, protocol: 'tcp', purpose: "the reverse proxy's API", access: 'loopback', bind: [LOOPBACK]},
  ],
  health: ({proxy}, {address}) =>
    unitHealth(
      UNIT,
      // the login page and a redirect to it are healthy; 503 is a proxy without a notebook
      `c=$(curl -s -m 4 -o /dev/null -w '%{http_code}' http://${address}:${proxy.port}/login) ; echo "HTTP $c"; [ "$c" -lt 400 ] && [ "$c" -gt 0 ]`,
      NOTEBOOK_SILENT,
    ),
  logs: {},
  facts: () => ({
    program: fileHash(PROGRAM),
    page: textFile(`${PAGES}/503.html`),
    hasToken: exists(ENVIRONMENT),
    unit: textFile(unitPath(UNIT)),
    service: unit(UNIT),
  }),
  plan(observed, {node, cluster, inputs}) {
    const files: Action[] = [
      ...ensureUpload(PROGRAM, inputs.programs[PROGRAM_NAME]!, observed.program),
      ...ensureFile(`${PAGES}/503.html`, template('proxy/503.html'), observed.page),
      // each proxy's API has a token of its own, which no other program needs
      ...(observed.hasToken
        ? []
        : [
            {
              kind: 'write',
              path: ENVIRONMENT,
              content: new Secret(`CONFIGPROXY_AUTH_TOKEN=${inputs.secrets.proxyToken.reveal()}\n`),
              mode: 0o600,
            } as const,
          ]),
      ...ensureFile(unitPath(UNIT), proxyUnit(node, cluster), observed.unit),
    ];
    return [...files, ...ensureRunning(UNIT, observed.service, files)];
  },
  ready: ({node, cluster}) => ({
    reason: `the proxy on port ${cluster.proxy.port}`,
    limitSeconds: 30,
    // whether the notebook answers is part of the framework's wait
    script: `ss -Hltn 'sport = :${cluster.proxy.port}' | grep -F ${node.address}: || { echo nothing listens; exit 1; }`,
    hint: `see \`journalctl -u ${UNIT}\``,
  }),
  undo(observed) {
    const hasProgram = observed.program !== undefined || observed.page !== undefined;
    return [
      ...(observed.unit ? removeUnit(UNIT) : []),
      ...(hasProgram ? [{kind: 'remove', path: PROGRAM} as const, {kind: 'remove', path: PAGES} as const] : []),
      ...(observed.hasToken ? [{kind: 'remove', path: ENVIRONMENT} as const] : []),
    ];
  },
});
