import type {Reply, Request} from './http-server.js';
import {methodNotAllowed} from './http-server.js';
import {acceptsJson} from './media-types.js';
import {type FieldType, field, MessageError, type MessageSpec, oneOf, parseJson, parseMessage} from './message.js';

/** The calls of POST /api/v1 of a program. Operators speak JSON only here. */
export interface OperatorCalls {
  /** The program's name in refusals: `master` or `agent`. */
  readonly program: string;
  /** Calls with a field of their name that they must have. */
  readonly withField: Readonly<Record<string, FieldType>>;
  readonly withoutField: readonly string[];
}

/** Reads and checks a call; the reply when it is refused, in the words of Mesos. */
export function readOperatorCall<T>(request: Request, calls: OperatorCalls): {readonly call: T} | {readonly refused: Reply} {
  const refused = (status: number, text: string) => ({refused: {status, text}});
  if (request.method !== 'POST') return {refused: methodNotAllowed(request.method, 'POST')};
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return refused(400, "Expecting 'Content-Type' to be present");
  if (contentType !== 'application/json')
    return refused(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  if (!acceptsJson(request.headers.accept)) {
    return refused(406, "Expecting 'Accept' to allow application/json, application/x-protobuf or application/recordio");
  }
  try {
    return {call: parseCall(calls, request.body.toString('utf8')) as T};
  } catch (error) {
    if (error instanceof MessageError) return refused(400, error.message);
    throw error;
  }
}

const fieldName = (type: string): string => type.toLowerCase();

function parseCall({program, withField, withoutField}: OperatorCalls, body: string): Record<string, unknown> {
  // JSON only: the numbers do not count.
  const spec: MessageSpec = {
    type: field(0, oneOf(Object.fromEntries([...Object.keys(withField), ...withoutField].map((type) => [type, 0])))),
    ...Object.fromEntries(Object.entries(withField).map(([type, inside]) => [fieldName(type), field(0, inside)])),
  };
  const json = parseJson(body);
  let call: Record<string, unknown>;
  try {
    call = parseMessage(spec, json);
  } catch (error) {
    if (error instanceof MessageError) throw new MessageError(`Failed to convert JSON into Call protobuf: ${error.message}`);
    throw error;
  }
  const missing = (what: string) => new MessageError(`Failed to validate ${program}::Call: Expecting '${what}' to be present`);
  const {type} = call as {type?: string};
  if (type === undefined) throw missing('type');
  if (type in withField && call[fieldName(type)] === undefined) throw missing(fieldName(type));
  return call;
}
