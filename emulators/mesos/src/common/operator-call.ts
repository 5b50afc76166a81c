import type {Reply, Request} from './http-server.js';
import {methodNotAllowed} from './http-server.js';
import {accepts, chooseMediaType, type MediaType, parseContentType} from './media-types.js';
import {type FieldSpec, field, MessageError, type MessageSpec, oneOf, parseJson, parseMessage} from './message.js';
import {decodeMessage, encodeMessage} from './protobuf.js';
import {responseJson} from './response-json.js';

/** The calls of a program's operator API, POST /api/v1. */
export interface OperatorCalls {
  readonly program: 'master' | 'agent';
  /** By type: the number of the type, and the field of the call. The field is named like the type in lower case, and must be present. */
  readonly calls: Readonly<Record<string, {readonly number: number; readonly field?: FieldSpec; readonly isOptional?: true}>>;
}

/** A valid call, and the media type of the response to it; or the reply that rejects it. */
export type ReadCall<T> = {readonly call: T; readonly accept: MediaType} | {readonly rejection: Reply};

/** Parses and validates a call. The rejection has upstream's message. */
export function readOperatorCall<T>(request: Request, calls: OperatorCalls): ReadCall<T> {
  const reject = (status: number, text: string) => ({rejection: {status, text}});
  if (request.method !== 'POST') return {rejection: methodNotAllowed(request.method, 'POST')};
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return reject(400, "Expecting 'Content-Type' to be present");
  const mediaType = parseContentType(contentType);
  if (mediaType === undefined) return reject(415, UNSUPPORTED[calls.program]);
  const accept = chooseMediaType(request.headers.accept);
  const isStream = calls.program === 'agent' && accept === undefined && accepts(request.headers.accept, 'application/recordio');
  const notAcceptable = reject(406, NOT_ACCEPTABLE[calls.program]);
  // The agent examines the headers first, the master the call.
  if (calls.program === 'agent' && accept === undefined && !isStream) return notAcceptable;
  let call: Record<string, unknown>;
  try {
    call = validateCall(calls, parseCall(calls, request.body, mediaType));
  } catch (error) {
    if (error instanceof MessageError) return reject(400, error.message);
    throw error;
  }
  if (isStream) return reject(406, `Streaming response is not supported for ${String(call.type)} call`);
  return accept === undefined ? notAcceptable : {call: call as T, accept};
}

/** The response to a call, in the format that the client accepts. @param value the field that is named like the type in lower case, if any */
export function answerCall(spec: MessageSpec, accept: MediaType, type: string, value: object | undefined): Reply {
  const response = {type, ...(value === undefined ? {} : {[fieldName(type)]: value})};
  if (accept === 'application/json') return {status: 200, json: responseJson(spec, response)};
  return {status: 200, bytes: encodeMessage(spec, response), headers: {'Content-Type': accept}};
}

const UNSUPPORTED = {
  master: "Expecting 'Content-Type' of application/json or application/x-protobuf",
  agent: "Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio",
};

const NOT_ACCEPTABLE = {
  master: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
  agent: "Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio",
};

const fieldName = (type: string): string => type.toLowerCase();

function parseCall({calls}: OperatorCalls, body: Buffer, mediaType: MediaType): Record<string, unknown> {
  const types = Object.entries(calls);
  const spec: MessageSpec = {
    type: field(1, oneOf(Object.fromEntries(types.map(([type, {number}]) => [type, number])))),
    ...Object.fromEntries(types.flatMap(([type, {field}]) => (field ? [[fieldName(type), field]] : []))),
  };
  if (mediaType === 'application/x-protobuf') {
    try {
      return parseMessage(spec, decodeMessage(spec, body));
    } catch (error) {
      // Like protobuf's parser, upstream's message has no details.
      if (error instanceof MessageError) throw new MessageError('Failed to parse body into Call protobuf');
      throw error;
    }
  }
  const json = parseJson(body.toString('utf8'));
  try {
    return parseMessage(spec, json);
  } catch (error) {
    if (error instanceof MessageError) throw new MessageError(`Failed to convert JSON into Call protobuf: ${error.message}`);
    throw error;
  }
}

function validateCall({program, calls}: OperatorCalls, call: Record<string, unknown>): Record<string, unknown> {
  const missing = (what: string) => new MessageError(`Failed to validate ${program}::Call: Expecting '${what}' to be present`);
  const {type} = call as {type?: string};
  if (type === undefined) throw missing('type');
  const {field, isOptional} = calls[type]!;
  if (field && !isOptional && call[fieldName(type)] === undefined) throw missing(fieldName(type));
  return call;
}
