import type {Body} from './protocol.js';

/** The body of a call is not what the call expects: the reply is 400 with this message, as of Go's JSON decoder. */
export class NotJsonError extends Error {}

/** Parses the body of a call. @throws NotJsonError */
export function decodeBody(text: string): Body {
  const body = text.trim();
  if (body === '') throw new NotJsonError('EOF');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    const first = body[0] ?? '';
    if (/[{["\d-]|^[tfn]/.test(first)) throw new NotJsonError('unexpected EOF');
    throw new NotJsonError(`invalid character '${first}' looking for beginning of value`);
  }
  if (parsed === null) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    const kind = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    throw new NotJsonError(`json: cannot unmarshal ${kind} into Go value`);
  }
  return parsed as Body;
}
