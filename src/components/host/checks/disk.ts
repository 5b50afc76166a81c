import type {FailedCheck} from '../../../engine/step.js';
import type {PreflightContext, PreflightFacts} from './observed.js';

/** Needed under /var/lib for what is not installed yet; `data` for logs and etcd in any case. */
const MEGABYTES = {packages: 1024, images: 1792, data: 256};

export function checkDisk(observed: PreflightFacts, context: PreflightContext): readonly FailedCheck[] {
  if (observed.freeKilobytes === undefined) return [];
  const needs = [
    ...(observed.packages === '' ? [] : (['packages'] as const)),
    ...(context.isContainerHost && lacksImages(observed, context) ? (['images'] as const) : []),
    'data' as const,
  ];
  const needed = needs.reduce((sum, part) => sum + MEGABYTES[part], 0);
  const free = Math.round(Number(observed.freeKilobytes) / 1024);
  if (free >= needed) return [];
  return [
    {
      message: `only ${free} MB are free under /var/lib`,
      hint: `${needs.join(', ').replace(/, (\w+)$/, ' and $1')} need ${needed} MB there`,
    },
  ];
}

/** Where dockerd does not answer, the images are assumed to exist if hw5's units do. */
function lacksImages(observed: PreflightFacts, {images}: PreflightContext): boolean {
  return observed.images ? images.some((tag) => !observed.images!.includes(tag)) : Number(observed.hasHw5 ?? 0) === 0;
}
