import {describe, expect, it} from 'vitest';
import {notebookUrls} from '../../../src/cluster/notebook.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {proxy} from '../../../src/components/proxy/component.js';
import {framework} from '../../../src/components/scheduler/component.js';
import {failsafeOf} from '../../../src/firewall/failsafe.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {SECRETS} from '../../support/fake-inputs.js';
import {clusterOf, fileAfter, lines, NO_UNIT, plan, RUNS, readiness, targets, undo, written} from './situation.js';

describe('the reverse proxy', () => {
  const UNIT = '/etc/systemd/system/hw5-proxy.service';
  const LIB = '/usr/local/lib/hw5';
  const nothing = {program: undefined, page: undefined, hasToken: false, unit: undefined, service: NO_UNIT};
  const first = plan(proxy, nothing);
  const installed = {
    program: 'c'.repeat(64),
    page: fileAfter(first, `${LIB}/proxy-pages/503.html`),
    hasToken: true,
    unit: fileAfter(first, UNIT),
    service: RUNS,
  };

  it('is installed, with its token in a file of its own', () => {
    expect(lines(first)).toEqual([
      `upload ${LIB}/configurable-http-proxy`,
      `write ${LIB}/proxy-pages/503.html (mode 0644)`,
      'write /etc/hw5/proxy.env (mode 0600)',
      `write ${UNIT} (mode 0644)`,
      'systemctl daemon-reload',
      'systemctl enable hw5-proxy.service',
      'systemctl restart hw5-proxy.service',
    ]);
    expect(JSON.stringify(first)).not.toContain(SECRETS.proxyToken);
    expect(fileAfter(first, '/etc/hw5/proxy.env').content).toBe(`CONFIGPROXY_AUTH_TOKEN=${SECRETS.proxyToken}\n`);
    expect(fileAfter(first, UNIT).content).toContain('http://192.168.0.100:8888');
  });

  it.each<[string, object, string[]]>([
    ['is unchanged when it runs as desired', {}, []],
    [
      'is restarted with a new program',
      {program: 'e'.repeat(64)},
      [`upload ${LIB}/configurable-http-proxy`, 'systemctl daemon-reload', 'systemctl restart hw5-proxy.service'],
    ],
    [
      'gets a token when that is gone',
      {hasToken: false},
      ['write /etc/hw5/proxy.env (mode 0600)', 'systemctl daemon-reload', 'systemctl restart hw5-proxy.service'],
    ],
  ])('%s', (_, observed, desired) => {
    expect(lines(plan(proxy, {...installed, ...observed}))).toEqual(desired);
  });

  it('is removed with all its files', () => {
    expect(lines(undo(proxy, installed))).toEqual([
      'systemctl disable hw5-proxy.service',
      'systemctl stop hw5-proxy.service',
      `remove ${UNIT}`,
      'systemctl daemon-reload',
      `remove ${LIB}/configurable-http-proxy`,
      `remove ${LIB}/proxy-pages`,
      'remove /etc/hw5/proxy.env',
    ]);
    expect(undo(proxy, nothing)).toEqual([]);
  });

  it('may open a port below 1024, and gets no other privilege', () => {
    const unitAt = (port: number) => written(plan(proxy, nothing, {cluster: clusterOf(`proxy: {port: ${port}}`)}), UNIT).content;
    const capability = 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n';
    expect(unitAt(80)).toContain(capability);
    expect(unitAt(1023)).toContain(capability);
    expect(unitAt(1024)).toContain('CapabilityBoundingSet=\nAmbientCapabilities=\n');
  });

  it('leads to the task that runs Jupyter, at any place of the list', () => {
    const cluster = clusterOf('framework: {tasks: [{name: ssh, count: 2}, {name: lab, image: jupyter, address: 192.168.0.77}]}');
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('http://192.168.0.77:8888');
  });

  it('leads to the port at which the health check tries Jupyter', () => {
    const cluster = clusterOf(
      'framework: {tasks: [{name: jupyter, arguments: [notebook, --port=9999], healthCheck: {port: 9999}}]}',
    );
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('--default-target=http://192.168.0.100:9999 ');
  });

  it('leads to a Jupyter in another image, too, if the task has the name', () => {
    const cluster = clusterOf('framework: {tasks: [{name: ssh-1}, {name: jupyter, image: example/lab, address: 192.168.0.9}]}');
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('--default-target=http://192.168.0.9:8888 ');
  });

  it.each(['[]', '[{name: ssh, count: 2}]'])('runs nowhere and is not checked if no task is a notebook: %s', (tasks) => {
    const cluster = clusterOf(`framework: {tasks: ${tasks}}`);
    expect(targets(proxy, cluster)).toEqual([]);
    expect(proxy.undoTargets!(cluster)).toHaveLength(3);
    expect(Object.keys(healthFacts(COMPONENTS, cluster, cluster.nodes[0]!))).not.toContain('proxy');
    expect(notebookUrls(cluster)).toEqual([]);
    expect(readiness(framework, {cluster}).script).not.toContain('/login');
    expect(failsafeOf(cluster.nodes[0]!, cluster, []).containers[4]).toEqual([]);
  });
});
