import type {Reply, Request} from './http-server.js';
import {methodNotAllowed} from './http-server.js';
import {acceptsJson} from './media-types.js';
import {type FieldType, field, MessageError, type MessageSpec, oneOf, parseJson, parseMessage} from './message.js';

/** The calls of a program's operator API, POST /api/v1. Only their JSON form is supported. */
export interface OperatorCalls {
  /** The program's name in error messages: `master` or `agent`. */
  readonly program: string;
  /** Calls that require the field which is named like the call, in lower case. */
  readonly withField: Readonly<Record<string, FieldType>>;
  readonly withoutField: readonly string[];
}

/** Parses and validates a call. @returns the call, or the reply that rejects it, with upstream's message */
export function readOperatorCall<T>(request: Request, calls: OperatorCalls): {readonly call: T} | {readonly rejection: Reply} {
  const reject = (status: number, text: string) => ({rejection: {status, text}});
  if (request.method !== 'POST') return {rejection: methodNotAllowed(request.method, 'POST')};
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return reject(400, "Expecting 'Content-Type' to be present");
  if (contentType !== 'application/json')
    return reject(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  if (!acceptsJson(request.headers.accept)) {
    return reject(406, "Expecting 'Accept' to allow application/json, application/x-protobuf or application/recordio");
  }
  try {
    return {call: parseCall(calls, request.body.toString('utf8')) as T};
  } catch (error) {
    if (error instanceof MessageError) return reject(400, error.message);
    throw error;
  }
}

const fieldName = (type: string): string => type.toLowerCase();

function parseCall({program, withField, withoutField}: OperatorCalls, body: string): Record<string, unknown> {
  // Field numbers are not used in JSON.
  const spec: MessageSpec = {
    type: field(0, oneOf(Object.fromEntries([...Object.keys(withField), ...withoutField].map((type) => [type, 0])))),
    ...Object.fromEntries(Object.entries(withField).map(([type, fieldType]) => [fieldName(type), field(0, fieldType)])),
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
