import type {NodeRunOptions} from './node-run-options.js';

/** The command with which upstream's calicoctl v1.6.5 starts the container calico-node. */
export function dockerCommand(options: NodeRunOptions, etcdEndpoints: readonly string[]): string[] {
  const {environment, autodetection, ip, image, isInitSystem} = options;
  const {isLibnetworkEnabled, interfacePrefix, hasDefaultPools, asNumber, logDirectory} = environment;
  const variables = {
    NODENAME: environment.nodeName,
    CALICO_NETWORKING_BACKEND: environment.backend,
    CALICO_LIBNETWORK_ENABLED: String(isLibnetworkEnabled),
    ...(isLibnetworkEnabled && interfacePrefix !== 'cali' ? {CALICO_LIBNETWORK_IFPREFIX: interfacePrefix} : {}),
    ...(hasDefaultPools ? {} : {NO_DEFAULT_POOLS: 'true'}),
    ...(autodetection === 'first-found' ? {} : {IP_AUTODETECTION_METHOD: autodetection}),
    ...(asNumber === undefined ? {} : {AS: asNumber}),
    ...(ip === undefined ? {} : {IP: ip}),
    ETCD_ENDPOINTS: etcdEndpoints.join(','),
  };
  const volumes = [
    `${logDirectory}:/var/log/calico`,
    '/var/run/calico:/var/run/calico',
    '/lib/modules:/lib/modules',
    '/run:/run',
    ...(isLibnetworkEnabled ? ['/run/docker/plugins:/run/docker/plugins', '/var/run/docker.sock:/var/run/docker.sock'] : []),
  ];
  return [
    ...['docker', 'run', '--net=host', '--privileged', '--name=calico-node'],
    ...(isInitSystem ? ['--rm'] : ['-d', '--restart=always']),
    ...Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...volumes.flatMap((volume) => ['-v', volume]),
    image,
  ];
}

/** What `node run --dryrun` prints. */
export function dryRunText(options: NodeRunOptions, etcdEndpoints: readonly string[]): string {
  const start = `Use the following command to start the calico/node container:\n\n${dockerCommand(options, etcdEndpoints).join(' ')}\n\n`;
  return options.isInitSystem
    ? `${start}Use the following command to stop the calico/node container:\n\ndocker stop calico-node\n\n`
    : `${start}If you are running calico/node in an init system, use the --init-system flag\nto display the appropriate start and stop commands.\n`;
}
