/**
 * Whether a JSON document (a resource or a list of them) has all properties that are desired. Properties that the server adds make no
 * difference. @param json undefined and invalid JSON contain nothing
 */
export function containsResource(json: string | undefined, desired: unknown): boolean {
  if (!json) return false;
  try {
    const parsed: unknown = JSON.parse(json);
    return (Array.isArray(parsed) ? parsed : [parsed]).some((one) => contains(one, desired));
  } catch {
    return false;
  }
}

function contains(observed: unknown, desired: unknown): boolean {
  if (observed === undefined || observed === null) return isOmitted(desired);
  if (Array.isArray(desired)) {
    return (
      Array.isArray(observed) &&
      desired.length === observed.length &&
      desired.every((value, index) => contains(observed[index], value))
    );
  }
  if (typeof desired === 'object' && desired !== null) {
    return Object.entries(desired).every(([name, value]) => contains((observed as Record<string, unknown>)[name], value));
  }
  return desired === observed;
}

/** Values that calicoctl omits when it prints a resource: false, and lists and objects that contain nothing else. */
function isOmitted(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).every(isOmitted) : value === false;
}
