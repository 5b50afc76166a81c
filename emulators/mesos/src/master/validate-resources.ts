import type {Resource} from '../common/wire.js';
import {validateRole} from './validate-names.js';

/** Why the resources of a call are invalid, with upstream's message; undefined if they are valid. */
export function validateResources(resources: readonly Resource[]): string | undefined {
  for (const resource of resources) {
    const error = validateValue(resource) ?? validateReservation(resource) ?? validateSupport(resource);
    if (error !== undefined) return `Resource '${resource.name}' is invalid: ${error}`;
    if (resource.name === 'gpus' && !Number.isInteger(resource.scalar?.value))
      return "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer";
  }
  return undefined;
}

function validateValue({name, type, scalar, ranges, set}: Resource): string | undefined {
  if (name === '') return 'Empty resource name';
  switch (type) {
    case 'SCALAR':
      if (!scalar || ranges || set) return 'Invalid scalar resource';
      if (!Number.isFinite(scalar.value)) return 'Invalid scalar resource: value is not a finite number';
      return scalar.value < 0 ? 'Invalid scalar resource: value < 0' : undefined;
    case 'RANGES': {
      if (scalar || !ranges || set) return 'Invalid ranges resource';
      const sorted = [...ranges.range].sort((a, b) => a.begin - b.begin);
      if (sorted.some(({begin, end}) => begin > end)) return 'Invalid ranges resource: begin > end';
      const overlaps = sorted.some(({begin}, index) => index > 0 && begin <= sorted[index - 1]!.end);
      return overlaps ? 'Invalid ranges resource: overlapping ranges' : undefined;
    }
    case 'SET':
      if (scalar || ranges || !set) return 'Invalid set resource';
      return new Set(set.item).size < set.item.length ? 'Invalid set resource: duplicated elements' : undefined;
  }
}

function validateReservation(resource: Resource): string | undefined {
  const roles = (resource.reservations ?? []).map((reservation) => reservation.role);
  if (resource.role !== undefined && roles.length === 0) {
    if (resource.role === '*' && resource.reservation) return 'Invalid reservation: role "*" cannot be dynamically reserved';
    return validateRole(resource.role);
  }
  if (roles.includes('*')) return 'Invalid reservation: role "*" cannot be reserved';
  const parent = roles.findIndex((role, index) => index > 0 && !role.startsWith(`${roles[index - 1]}/`));
  if (parent > 0) return `Invalid refined reservation: role '${roles[parent]}' is not a refinement of '${roles[parent - 1]}'`;
  return roles.map(validateRole).find((error) => error !== undefined);
}

/** Rejects what the emulator does not support, rather than ignoring it silently. */
function validateSupport(resource: Resource): string | undefined {
  if (resource.disk !== undefined) return "Persistent volumes and disks are not supported by hw5's Mesos emulator";
  if (resource.revocable !== undefined) return "Oversubscription is not supported by hw5's Mesos emulator";
  if (resource.shared !== undefined) return "Shared resources are not supported by hw5's Mesos emulator";
  if (resource.provider_id !== undefined) return "Resource providers are not supported by hw5's Mesos emulator";
  return undefined;
}
