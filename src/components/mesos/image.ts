import type {Cluster} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {json, mapped} from '../../engine/facts.js';
import type {FailedCheck} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {curlDockerd, dockerdFact, imageHint} from '../docker/dockerd.js';
import {recordingPull} from '../images/pulled.js';

/** What matters of an image that contains Mesos. */
export interface MesosImage {
  readonly entryPoint: readonly string[];
}

/** The image that Mesos runs out of, if it does. */
export function imageOf({mesos}: Pick<Cluster, 'mesos'>): string | undefined {
  return mesos.source.kind === 'image' ? mesos.source.image : undefined;
}

/** The image as dockerd has it; undefined where it is missing or not needed, or dockerd does not run. */
export function imageFact(image: string | undefined): Fact<MesosImage | undefined> {
  const script = image === undefined ? 'false' : curlDockerd(`/images/${image}/json`);
  return dockerdFact(
    mapped(
      json<{readonly Config?: {readonly Entrypoint?: readonly string[] | null}}>(script),
      (inspected) => inspected && {entryPoint: inspected.Config?.Entrypoint ?? []},
    ),
  );
}

/**
 * The agent starts its executors as `docker run IMAGE …/mesos-docker-executor`, where it allows no `--entrypoint`: with an entry point in the
 * image every task would fail, and only the executor's own output would say why.
 */
export function entryPointErrors(image: string, observed: MesosImage | undefined): readonly FailedCheck[] {
  if (observed === undefined || observed.entryPoint.length === 0) return [];
  return [{message: `${hasEntryPoint(image)}: ${observed.entryPoint.join(' ')}`, hint: withoutEntryPoint(image)}];
}

function hasEntryPoint(image: string): string {
  return `the image ${image} has an entry point, with which the executors of a Mesos agent do not start`;
}

function withoutEntryPoint(image: string): string {
  const [name = image] = image.split(/[@]|:(?=[^/]*$)/);
  return `make one without it, and set mesos.source.image to that: printf 'FROM ${image}\\nENTRYPOINT []\\n' | docker build -t ${name}:no-entry-point -`;
}

/** Pulls the image, and fails if it has an entry point, which can be known only then. */
export function pull(image: string): readonly Action[] {
  return [
    {
      kind: 'script',
      title: `pull the image of Mesos: docker pull -q ${image}`,
      script: recordingPull(image, `docker pull -q ${quote(image)}`),
      timeoutMs: 20 * 60_000,
      hints: [imageHint(image, 'the node')],
    },
    {
      kind: 'script',
      title: `check that ${image} has no entry point`,
      script: `entry=$(docker image inspect -f '{{json .Config.Entrypoint}}' ${quote(image)}) || exit 1
case $entry in null | '[]') ;; *) printf '%s: %s\\n' ${quote(hasEntryPoint(image))} "$entry" >&2; exit 1;; esac`,
      timeoutMs: 60_000,
      hint: withoutEntryPoint(image),
    },
  ];
}
