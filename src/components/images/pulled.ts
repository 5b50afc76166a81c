import type {Action} from '../../engine/action.js';
import {output} from '../../engine/facts.js';
import {quote} from '../../host/command.js';
import {sha256} from '../../support/sha256.js';
import {DATA} from '../places.js';

/** One file for each image that hw5 has pulled, with its name. The files and the images are kept until `down --purge`. */
const RECORDS = `${DATA}/pulled`;

/**
 * Wraps a command that may pull the image: if the image is missing, it is recorded first, so that an interrupted run leaves a record; if it
 * is missing afterwards, too, the record is removed.
 */
export function recordingPull(image: string, command: string): string {
  const record = `${RECORDS}/${sha256(image).slice(0, 12)}`;
  return `exists() { docker image inspect ${quote(image)} >/dev/null 2>&1; }
exists || { mkdir -p ${RECORDS} && echo ${quote(image)} >${record}; }
(
${command}
)
code=$?
exists || { rm -f ${record}; rmdir --ignore-fail-on-non-empty ${RECORDS} 2>/dev/null; }
exit $code`;
}

/** The names of the images that hw5 has pulled, one per line. */
export const PULLED = output(`cat ${RECORDS}/* 2>/dev/null`);

/** Removes the pulled images. One that a container of the user still needs is kept, with its record. */
export function removePulled(pulled: string | undefined): readonly Action[] {
  if (!pulled) return [];
  return [
    {
      kind: 'script',
      title: `remove the images that hw5 pulled: ${pulled.split('\n').join(', ')}`,
      script: `command -v docker >/dev/null || { rm -rf ${RECORDS}; exit 0; }
docker version >/dev/null || exit 1
for record in ${RECORDS}/*; do
  image=$(cat "$record")
  if docker image inspect "$image" >/dev/null 2>&1; then docker rmi "$image" || continue; fi
  rm -f "$record"
done
rmdir --ignore-fail-on-non-empty ${RECORDS}`,
      timeoutMs: 120_000,
      hint: 'dockerd has to run there for this: `systemctl restart docker`, then the same command again',
    },
  ];
}
