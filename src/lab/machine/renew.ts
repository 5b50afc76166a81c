import {sha256} from '../../support/sha256.js';
import type {PreinstalledFile} from '../preinstalled.js';
import {run, tryRun} from '../run.js';
import {inside} from './inside.js';
import {contentOf} from './provision.js';

/** Replaces the file $1 atomically by standard input, with mode $2; its owner stays. */
export const REPLACE = `set -eu
umask 077
mkdir -p "$(dirname "$1")"
cat > "$1.new"
if [ -e "$1" ]; then chown --reference="$1" "$1.new"; fi
chmod "$2" "$1.new"
mv -f "$1.new" "$1"
`;

/** Restarts the services of the units in $1 and those that run one of the other arguments, where they run. */
export const RESTART = `set -eu
units=$1; shift
systemctl daemon-reload
for path in "$@"; do
  # not by the processes' names, which programs can change
  units="$units $(systemctl show '*.service' --property=Id,ExecStart |
    awk -v RS= -v path="$path" 'index($0, "=" path " ") || index($0, " " path " ") {sub(/.*Id=/, ""); print $1}')"
done
# possibly none
echo "$units" | xargs -r systemctl try-restart
`;

/**
 * Installs this build's programs and units in a running machine that another build made, and restarts the services that run them. Tasks keep
 * running: the Mesos agent recovers them, and routes stay while Calico restarts. @returns the paths of the files that were replaced
 */
export async function renewFiles(
  leader: number,
  files: readonly PreinstalledFile[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = (await tryRun(inside(leader, ['sha256sum', '--', ...files.map((file) => file.path)]), {signal})).stdout.split(
    '\n',
  );
  const stale: string[] = [];
  const units: string[] = [];
  for (const file of files) {
    const content = (await contentOf(file)).toString();
    const digest = sha256(content);
    if (found.includes(`${digest}  ${file.path}`)) continue;
    const command = ['sh', '-c', REPLACE, 'sh', file.path, file.mode.toString(8)];
    await run(inside(leader, command), {stdin: content, signal});
    stale.push(file.path);
    // an empty unit file masks the unit
    const unit = /^\/etc\/systemd\/system\/([^/]+\.service)$/.exec(file.path)?.[1];
    if (unit !== undefined && content !== '') units.push(unit);
  }
  if (stale.length > 0) await run(inside(leader, ['sh', '-c', RESTART, 'sh', units.join(' '), ...stale]), {signal});
  return stale;
}
