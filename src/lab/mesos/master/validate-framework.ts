import {type FrameworkInfo, hasCapability} from '../common/wire.js';
import {idFault} from './validate-task.js';

/** Why a framework may not subscribe, in Mesos' words; undefined when it may. Told as an ERROR event, with status 200. */
export function findFrameworkFault(info: FrameworkInfo): string | undefined {
  return rolesFault(info) ?? idOf(info) ?? timeoutFault(info);
}

function idOf(info: FrameworkInfo): string | undefined {
  return info.id === undefined || info.id.value === '' ? undefined : idFault(info.id.value);
}

function timeoutFault(info: FrameworkInfo): string | undefined {
  const timeout = info.failover_timeout ?? 0;
  // Mesos keeps durations in nanoseconds, in 64 bits.
  return Number.isFinite(timeout) && timeout >= 0 && timeout * 1e9 < 2 ** 63
    ? undefined
    : `The framework failover_timeout (${timeout}) is invalid`;
}

function rolesFault(info: FrameworkInfo): string | undefined {
  if (!hasCapability(info, 'MULTI_ROLE')) {
    if ((info.roles ?? []).length > 0)
      return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
    const fault = roleFault(info.role ?? '*');
    return fault === undefined ? undefined : `'FrameworkInfo.role' is not a valid role: ${fault}`;
  }
  if (info.role !== undefined) return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  const roles = info.roles ?? [];
  const duplicates = [...new Set(roles.filter((role, index) => roles.indexOf(role) !== index))];
  if (duplicates.length > 0) return `'FrameworkInfo.roles' contains duplicate items: { ${duplicates.join(', ')} }`;
  const fault = roles.map(roleFault).find((found) => found !== undefined);
  return fault === undefined ? undefined : `'FrameworkInfo.roles' contains invalid role: ${fault}`;
}

/** https://mesos.apache.org/documentation/latest/roles/#role-names */
function roleFault(role: string): string | undefined {
  if (role === '*') return undefined;
  if (role === '') return 'Empty role name is invalid';
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  for (const component of role.split('/')) {
    if (component === '') return `Role '${role}' cannot contain two adjacent slashes`;
    if (component === '.' || component === '..' || component === '*')
      return `Role '${role}' cannot include '${component}' as a component`;
    if (component.startsWith('-')) return `Role component '${component}' is invalid because it begins with a dash`;
    if (/[\s\x08]/.test(component)) return `Role component '${component}' is invalid because it contains backspace or whitespace`;
  }
  return undefined;
}
