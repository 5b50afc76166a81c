import type {Action} from '../../engine/action.js';

/** The directory of the drop-ins of dockerd's unit. Others than hw5's may be in it. */
export const DROP_INS = '/etc/systemd/system/docker.service.d';

/** For after the removal of a drop-in. */
export const removeEmptyDropIns: Action = {
  kind: 'script',
  title: `remove ${DROP_INS} if it is empty`,
  script: `[ ! -d ${DROP_INS} ] || rmdir --ignore-fail-on-non-empty ${DROP_INS}`,
};
