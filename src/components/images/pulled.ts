import type {Action} from '../../engine/action.js';
import {output} from '../../engine/facts.js';
import {quote} from '../../host/command.js';
import {sha256} from '../../support/sha256.js';
import {DATA} from '../places.js';

/** A note for each image that was not there before hw5 had it pulled. Like the images, they stay until `down --purge`. */
const NOTES = `${DATA}/pulled`;

/**
 * A script around a command that may pull the image: one that was not there before gets its note first, so that a run that is interrupted
 * leaves one; and loses it if the command brought no such image after all.
 */
export function notingPull(image: string, command: string): string {
  const note = `${NOTES}/${sha256(image).slice(0, 12)}`;
  return `isThere() { docker image inspect ${quote(image)} >/dev/null 2>&1; }
isThere || { mkdir -p ${NOTES} && echo ${quote(image)} >${note}; }
(
${command}
)
code=$?
isThere || { rm -f ${note}; rmdir --ignore-fail-on-non-empty ${NOTES} 2>/dev/null; }
exit $code`;
}

/** The names of the images that hw5 pulled, one a line. */
export const PULLED = output(`cat ${NOTES}/* 2>/dev/null`);

/** Removes them. One that somebody's own container is made of stays, with its note. */
export function removePulled(pulled: string | undefined): readonly Action[] {
  if (!pulled) return [];
  return [
    {
      kind: 'script',
      title: `remove the images that hw5 pulled: ${pulled.split('\n').join(', ')}`,
      script: `command -v docker >/dev/null || { rm -rf ${NOTES}; exit 0; }
docker version >/dev/null || exit 1
for note in ${NOTES}/*; do
  image=$(cat "$note")
  if docker image inspect "$image" >/dev/null 2>&1; then docker rmi "$image" || continue; fi
  rm -f "$note"
done
rmdir --ignore-fail-on-non-empty ${NOTES}`,
      timeoutMs: 120_000,
      hint: 'dockerd has to run there for this: `systemctl restart docker`, then the same command again',
    },
  ];
}
