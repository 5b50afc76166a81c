import {type FrameworkInfo, hasCapability, rolesOf} from '../common/wire.js';
import type {SubscribeCall} from './call.js';
import {validateId, validateRole} from './validate-names.js';

/** Why a FrameworkInfo is invalid, with upstream's message; undefined if it is valid. SUBSCRIBE reports it as an ERROR event, with status 200. */
export function validateFramework(info: FrameworkInfo): string | undefined {
  return validateRoles(info) ?? validateFrameworkId(info) ?? validateFailoverTimeout(info);
}

/** Why UPDATE_FRAMEWORK is invalid (400), with upstream's message; undefined if it is valid. Some fields cannot be changed. */
export function validateFrameworkUpdate(old: FrameworkInfo, update: SubscribeCall): string | undefined {
  const info = update.framework_info;
  const error = validateFramework(info);
  if (error !== undefined) return `Supplied FrameworkInfo is not valid: ${error}`;
  const changed = (name: string, from: unknown, to: unknown): string =>
    `Updating 'FrameworkInfo.${name}' is unsupported; attempted to update from '${from}' to '${to}'`;
  if (info.principal !== undefined && old.principal !== info.principal) return "Changing framework's principal is not allowed.";
  if (old.user !== info.user) return changed('user', old.user, info.user);
  const [before, after] = [old.checkpoint ?? false, info.checkpoint ?? false];
  if (before !== after) return changed('checkpoint', before, after);
  const roles = rolesOf(info);
  const unknownRole = update.suppressed_roles?.find((role) => !roles.includes(role));
  return unknownRole === undefined ? undefined : `Suppressed role '${unknownRole}' is not contained in the list of roles`;
}

function validateFrameworkId(info: FrameworkInfo): string | undefined {
  return info.id === undefined || info.id.value === '' ? undefined : validateId(info.id.value);
}

function validateFailoverTimeout(info: FrameworkInfo): string | undefined {
  const timeout = info.failover_timeout ?? 0;
  // Mesos stores durations as 64-bit nanoseconds.
  return Number.isFinite(timeout) && timeout >= 0 && timeout * 1e9 < 2 ** 63
    ? undefined
    : `The framework failover_timeout (${timeout}) is invalid`;
}

function validateRoles(info: FrameworkInfo): string | undefined {
  if (!hasCapability(info, 'MULTI_ROLE')) {
    if ((info.roles ?? []).length > 0)
      return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
    const error = validateRole(info.role ?? '*');
    return error === undefined ? undefined : `'FrameworkInfo.role' is not a valid role: ${error}`;
  }
  if (info.role !== undefined) return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  const roles = info.roles ?? [];
  const duplicates = [...new Set(roles.filter((role, index) => roles.indexOf(role) !== index))];
  if (duplicates.length > 0) return `'FrameworkInfo.roles' contains duplicate items: { ${duplicates.join(', ')} }`;
  const error = roles.map(validateRole).find((found) => found !== undefined);
  return error === undefined ? undefined : `'FrameworkInfo.roles' contains invalid role: ${error}`;
}
