import {type Action, systemctl} from '../engine/action.js';
import {unitPath} from './places.js';

/**
 * Stops a systemd unit that hw5 wrote, and removes it.
 * @param extra what is done once it has stopped, and paths that belong to it
 */
export function removeUnit(
  unit: string,
  {afterStop = [], paths = []}: {readonly afterStop?: readonly Action[]; readonly paths?: readonly string[]} = {},
): readonly Action[] {
  return [
    systemctl('disable', unit),
    systemctl('stop', unit),
    ...afterStop,
    ...[unitPath(unit), ...paths].map((path): Action => ({kind: 'remove', path})),
    systemctl('daemon-reload'),
  ];
}
