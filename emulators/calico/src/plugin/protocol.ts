/** The error that a call replies. Docker shows the message to the user. */
export class PluginError extends Error {}

/** Upstream's plugin panics on this call: the connection is closed without a reply. */
export class NoReplyError extends Error {}

/** The body of a plugin call, as Docker sends it. */
export type Body = Readonly<Record<string, unknown>>;

/** The calls of one driver by name, as `NetworkDriver.Join`. */
export type Handlers = Readonly<Record<string, (body: Body) => Promise<object | null> | object | null>>;

/** A string field; empty when missing. */
export function text(body: Body, field: string): string {
  const value = body[field];
  return typeof value === 'string' ? value : '';
}

/** An object field; empty when missing. */
export function record(body: Body, field: string): Body {
  const value = body[field];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
}

/** A list field of objects; empty when missing. */
export function records(body: Body, field: string): readonly Body[] {
  const value = body[field];
  return Array.isArray(value) ? (value as readonly Body[]) : [];
}

/** The first 11 characters of an endpoint's id: with the prefix `cali` these are 15, the kernel's limit for the name of an interface. */
export function shortId(endpointId: string): string {
  return endpointId.slice(0, 11);
}
