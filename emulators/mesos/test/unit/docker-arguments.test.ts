import {describe, expect, it} from 'vitest';
import {clientArgv, type DockerSettings, dockerArgv, dockerRunArguments} from '../../src/agent/containers/docker-arguments.js';
import type {TaskRecord} from '../../src/agent/task-record.js';
import {resources} from '../support/framework.js';

const settings: DockerSettings = {
  docker: 'docker',
  socket: '/var/run/docker.sock',
  sandboxDirectory: '/mnt/mesos/sandbox',
  isCfsEnabled: false,
  stopTimeout: 5,
  killsOrphans: true,
  executorImage: undefined,
};

function argumentsOf(container: object, command: object, amounts = resources(0.5, 256)): string[] {
  const task = {resources: amounts, container: {type: 'DOCKER', ...container}, command};
  return dockerRunArguments(settings, {task, role: '*', containerId: 'ID', sandbox: '/sandbox'} as unknown as TaskRecord);
}

function ports(begin: number, end: number): object {
  return {name: 'ports', type: 'RANGES', ranges: {range: [{begin, end}]}};
}

const BASE = ['-e', 'MESOS_SANDBOX=/mnt/mesos/sandbox', '-e', 'MESOS_CONTAINER_NAME=mesos-ID', '-e', 'MESOS_ALLOCATION_ROLE=*'];

describe('docker run', () => {
  it('is itself run by a container with --docker_mesos_image, whose entry point it does not replace', () => {
    const argv = dockerArgv(settings, 'run', '--name', 'mesos-ID', 'debian');
    expect(clientArgv(settings, 'mesos-ID', argv)).toEqual(argv);
    expect(clientArgv({...settings, executorImage: 'mesos:1'}, 'mesos-ID', argv)).toEqual([
      ...['docker', '-H', 'unix:///var/run/docker.sock', 'run', '--name', 'mesos-ID.executor', '--net=host'],
      ...['-v', '/var/run/docker.sock:/var/run/docker.sock', 'mesos:1', ...argv],
    ]);
  });

  it('has the same arguments as upstream Mesos for a task on a network with an address', () => {
    const docker = {image: 'docker-jupyter', network: 'USER', parameters: [{key: 'ip', value: '192.168.0.100'}]};
    const volumes = [{host_path: '/etc/hw5/containers/jupyter', container_path: '/run/hw5', mode: 'RO'}];
    const container = {docker, volumes, hostname: 'jupyter', network_infos: [{name: 'calico_net'}]};
    const variables = [{name: 'A', value: 'b c'}];
    const command = {shell: false, value: 'jupyter', arguments: ['notebook', '--port=8888'], environment: {variables}};
    expect([...dockerArgv(settings), ...argumentsOf(container, command)]).toEqual([
      ...['docker', '-H', 'unix:///var/run/docker.sock', 'run', '--cpu-shares', '512', '--memory', '268435456', '-e', 'A=b c'],
      ...BASE,
      ...['-v', '/sandbox:/mnt/mesos/sandbox', '-v', '/etc/hw5/containers/jupyter:/run/hw5:ro'],
      ...['--net', 'calico_net', '--hostname', 'jupyter', '--name', 'mesos-ID', '--ip=192.168.0.100'],
      ...['docker-jupyter', 'jupyter', 'notebook', '--port=8888'],
    ]);
  });

  it('mounts a docker volume by its name, with its driver', () => {
    const source = (name: string, driver?: string) => ({
      type: 'DOCKER_VOLUME',
      docker_volume: {name, ...(driver === undefined ? {} : {driver})},
    });
    const volumes = [
      {container_path: '/data', source: source('vol1', 'nfs')},
      {container_path: 'logs', mode: 'RO', source: source('vol2')},
    ];
    const run = argumentsOf({docker: {image: 'i'}, volumes}, {value: 'x'});
    expect(run.slice(run.indexOf('-v') + 2, run.indexOf('--net'))).toEqual([
      ...['-v', 'vol1:/data', '-v', 'vol2:/mnt/mesos/sandbox/logs:ro', '--volume-driver=nfs'],
    ]);
    const other = [...volumes, {container_path: '/other', source: source('vol3', 'ceph')}];
    expect(() => argumentsOf({docker: {image: 'i'}, volumes: other}, {value: 'x'})).toThrow(
      'Only one volume driver is supported',
    );
  });

  it('gets secrets decoded from base64', () => {
    const data = Buffer.from('grüße').toString('base64');
    const variables = [{name: 'S', type: 'SECRET', secret: {type: 'VALUE', value: {data}}}];
    expect(argumentsOf({docker: {image: 'i'}}, {value: 'x', environment: {variables}})).toContain('S=grüße');
  });

  it('runs a shell command instead of the entry point of the image', () => {
    const run = argumentsOf({docker: {image: 'i', network: 'BRIDGE', privileged: true}}, {value: 'sleep 1'});
    expect(run.slice(0, 2)).toEqual(['run', '--privileged']);
    expect(run.slice(run.indexOf('--net'))).toEqual([
      '--net',
      'bridge',
      '--entrypoint',
      '/bin/sh',
      '--name',
      'mesos-ID',
      'i',
      '-c',
      'sleep 1',
    ]);
  });

  it('maps ports on networks that support it', () => {
    const port_mappings = [{host_port: 31000, container_port: 80, protocol: 'UDP'}];
    const bridge = {docker: {image: 'i', network: 'BRIDGE', port_mappings}};
    expect(argumentsOf(bridge, {value: 'x'}, [...resources(1, 32), ports(31000, 31001)]).join(' ')).toContain('-p 31000:80/udp');
    expect(() => argumentsOf({docker: {image: 'i', network: 'NONE', port_mappings}}, {value: 'x'})).toThrow(
      'Port mappings are only',
    );
  });

  it('has the network of a parameter in place of that of the task', () => {
    const parameters = [
      {key: 'ip', value: '192.168.0.100'},
      {key: 'net', value: 'calico_net'},
    ];
    const run = argumentsOf({docker: {image: 'i', network: 'HOST', parameters}}, {value: 'x'}).join(' ');
    expect(run).toContain('--net calico_net --entrypoint /bin/sh --name mesos-ID --ip=192.168.0.100 i');
    expect(run).not.toContain('--net=');
  });

  it('does not go below the minimum of memory and cpu shares', () => {
    const run = argumentsOf({docker: {image: 'i'}}, {value: 'x'}, resources(0.001, 4));
    expect(run.slice(1, 5)).toEqual(['--cpu-shares', '2', '--memory', String(32 * 1024 * 1024)]);
  });

  it('is not called for ports that are not among the resources of the task', () => {
    const port_mappings = [{host_port: 31002, container_port: 80}];
    const bridge = {docker: {image: 'i', network: 'BRIDGE', port_mappings}};
    expect(() => argumentsOf(bridge, {value: 'x'})).toThrow('Port mappings require port resources');
    const others = [...resources(1, 32), ports(31000, 31001)];
    expect(() => argumentsOf(bridge, {value: 'x'}, others)).toThrow('Port [31002] not included in resources');
  });

  it.each([
    [{docker: {image: 'i', network: 'USER'}}, 'No network info found in container info'],
    [
      {docker: {image: 'i', network: 'USER'}, network_infos: [{name: 'a'}, {name: 'b'}]},
      'Only a single network can be defined in Docker run',
    ],
    [{docker: {image: 'i', network: 'USER'}, network_infos: [{}]}, 'No network name found in network info'],
    [{docker: {image: 'i', network: 'HOST'}, hostname: 'h'}, 'Unable to set hostname with host network mode'],
  ])('is not called for %j', (container, message) => {
    expect(() => argumentsOf(container, {value: 'x'})).toThrow(message);
  });
});
