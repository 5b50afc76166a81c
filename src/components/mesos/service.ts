import {type Cluster, type ClusterNode, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, systemctl} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {exists, FILES, output, textFile, unit} from '../../engine/facts.js';
import type {FailedCheck, Wait} from '../../engine/step.js';
import {type Component, defineComponent} from '../component.js';
import type {Health} from '../health.js';
import {DATA, unitPath} from '../places.js';
import {removeUnit} from '../remove-unit.js';
import {entryPointErrors, imageFact, imageOf, pull} from './image.js';

/** One of Mesos's two programs. Its unit runs it from the host's PATH or in a container. */
export interface MesosProgram {
  readonly name: 'mesos-master' | 'mesos-agent';
  readonly title: string;
  /** In errors. */
  readonly purpose: string;
  readonly role: 'master' | 'agent';
  readonly needs: Component['needs'];
  readonly port: (cluster: Cluster) => number;
  /** The unit's file. */
  readonly unitText: (node: ClusterNode, cluster: Cluster, start: StartLines) => string;
  /** Directories besides its data that `down` removes. */
  readonly directories: readonly string[];
  /** What it needs of the host when it runs in a container, besides its data: `docker run` options. */
  readonly containerOptions: readonly string[];
  /** Its own options when it runs out of the image. */
  readonly imageOptions: (image: string) => string;
  /** What the unit does before each start: lines of its `[Service]` section. */
  readonly beforeStart: string;
  /** What must be done before the unit is changed; it is stopped by then. */
  readonly beforeChange: (before: string, after: string) => readonly Action[];
  /** What must be done when the unit has been stopped for good. */
  readonly afterStop: readonly Action[];
  /** Its health, as `status` shows it. */
  readonly health: (node: ClusterNode, cluster: Cluster) => Fact<Health>;
  /** When it is ready: a script that succeeds then and prints why not otherwise, and for how long that is waited for. */
  readonly ready: (node: ClusterNode, cluster: Cluster) => Pick<Wait, 'reason' | 'limitSeconds' | 'script'>;
  /** Ends the hint of its wait. */
  readonly readyHint: string;
}

/** The lines of a unit that depend on where the program is. */
export interface StartLines {
  /** A complete line, or empty. */
  readonly prepare: string;
  readonly command: string;
  readonly options: string;
  /** A complete line, or empty. */
  readonly exits: string;
}

/** The unit of a program. */
export function unitOf(name: MesosProgram['name']): string {
  return `hw5-${name}.service`;
}

/** The directory of the program's data. */
export function workDirectory(name: MesosProgram['name']): string {
  return `${DATA}/${name}`;
}

/** The component of one program. With an external master hw5 runs neither. */
export function mesosService(program: MesosProgram): Component {
  const unitName = unitOf(program.name);
  const directory = workDirectory(program.name);
  return defineComponent({
    name: program.name,
    title: program.title,
    needs: program.needs,
    targets: (cluster) => (cluster.mesos.source.kind === 'external' ? [] : nodesWith(cluster, program.role)),
    undoTargets: (cluster) => cluster.nodes,
    units: [unitName],
    packages: (cluster) => (imageOf(cluster) === undefined ? [] : ['docker.io']),
    ports: (cluster, {address}) => [
      {
        port: program.port(cluster),
        protocol: 'tcp',
        purpose: program.purpose,
        access: 'nodes',
        probe: 'mesos',
        bind: [address],
        processes: [program.name],
      },
    ],
    health: (cluster, node) => program.health(node, cluster),
    logs: {notRun: externalMesos},
    facts: ({cluster}) => {
      return {
        unit: textFile(unitPath(unitName)),
        service: unit(unitName),
        path: {...output(`command -v ${program.name}`), service: FILES},
        data: exists(directory),
        image: imageFact(imageOf(cluster)),
      };
    },
    check(observed, {cluster}): readonly FailedCheck[] {
      const image = imageOf(cluster);
      if (image !== undefined) return program.role === 'agent' ? entryPointErrors(image, observed.image) : [];
      if (cluster.mesos.source.kind !== 'host' || observed.path) return [];
      return [{message: `${program.name} is not on the host's PATH`, hint: INSTALL}];
    },
    plan(observed, {node, cluster}) {
      const text = program.unitText(node, cluster, startLines(program, cluster, observed.path));
      const written = ensureFile(unitPath(unitName), text, observed.unit);
      const image = imageOf(cluster);
      const pulled = image === undefined || observed.image ? [] : pull(image);
      const before = observed.data && observed.unit ? program.beforeChange(observed.unit.content, text) : [];
      const change = before.length === 0 ? [] : [systemctl('stop', unitName), ...before];
      return [...pulled, ...change, ...written, ...ensureRunning(unitName, observed.service, written)];
    },
    ready: ({node, cluster}) => ({
      ...program.ready(node, cluster),
      hint: `see \`journalctl -u ${unitName}\`${program.readyHint}`,
    }),
    undo(observed) {
      // the data goes without --purge, too: the framework and the tasks are gone, and the next master would not know an old agent's id
      const directories = [directory, ...program.directories].map((path): Action => ({kind: 'remove', path}));
      return [...(observed.unit ? removeUnit(unitName, program) : []), ...(observed.data ? directories : [])];
    },
  });
}

/** How a user gets Mesos where it is missing. */
const INSTALL =
  'install it on the host, or set mesos.source.image to a container image that contains it, or mesos.source.master to a running master';

/** The program itself is the entry point of its container. */
function startLines(program: MesosProgram, cluster: Cluster, path: string | undefined): StartLines {
  const image = imageOf(cluster);
  const {beforeStart} = program;
  if (image === undefined) return {prepare: beforeStart, command: path ?? `/usr/bin/env ${program.name}`, options: '', exits: ''};
  const name = `hw5-${program.name}`;
  const options = ['--net=host', ...program.containerOptions].join(' ');
  return {
    prepare: `${beforeStart}ExecStartPre=-/usr/bin/docker rm -f ${name}\n`,
    command: `/usr/bin/docker run --rm --name ${name} ${options} --entrypoint ${program.name} ${image}`,
    options: program.imageOptions(image),
    // `docker run` exits with 128 + SIGTERM when the unit is stopped
    exits: 'SuccessExitStatus=143\n',
  };
}

/** Why there is no log of a Mesos that hw5 does not run. */
function externalMesos({name, mesos: {source}}: Cluster): {message: string; hint: string} | undefined {
  if (source.kind !== 'external') return undefined;
  return {message: `hw5 does not run Mesos for ${name}`, hint: `it registers at ${source.master}: see the logs there`};
}
