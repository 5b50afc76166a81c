import type {Request} from '../common/http-server.js';
import {methodNotAllowed, type Reply} from '../common/http-server.js';
import {chooseMediaType, parseContentType} from '../common/media-types.js';
import {MessageError} from '../common/message.js';
import {type Call, parseCall} from './call.js';
import {authenticate, unauthorized} from './credentials.js';
import {EVENT} from './event-spec.js';
import type {MasterAccess} from './master-access.js';
import {validateFrameworkUpdate} from './validate-framework.js';

const ACCEPTED: Reply = {status: 202};

/** POST /api/v1/scheduler: the scheduler API. Its error messages are those of upstream Mesos. */
export function schedulerApi(master: MasterAccess, request: Request): Reply {
  const {credentials, isFrameworkAuthenticated} = master.security;
  const principal = isFrameworkAuthenticated ? authenticate(credentials, request.headers.authorization) : undefined;
  if (isFrameworkAuthenticated && principal === undefined) return unauthorized('mesos-master-scheduler');
  if (request.method !== 'POST') return methodNotAllowed(request.method, 'POST');
  const bad = (text: string): Reply => ({status: 400, text});
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return bad("Expecting 'Content-Type' to be present");
  const mediaType = parseContentType(contentType);
  if (mediaType === undefined) {
    return {status: 415, text: "Expecting 'Content-Type' of application/json or application/x-protobuf"};
  }
  let call: Call;
  try {
    call = parseCall(request.body, mediaType);
  } catch (error) {
    if (error instanceof MessageError) return bad(error.message);
    throw error;
  }
  return call.type === 'SUBSCRIBE' ? subscribe(master, request, call, principal) : otherCall(master, request, call, principal);
}

function subscribe(master: MasterAccess, request: Request, call: Call, principal: string | undefined): Reply {
  const declared = call.subscribe?.framework_info.principal;
  if (principal !== undefined && declared !== undefined && declared !== principal) {
    const text = `Failed to validate scheduler::Call: Authenticated principal '${principal}' does not match principal '${declared}' set in \`FrameworkInfo\``;
    return {status: 400, text};
  }
  const mediaType = chooseMediaType(request.headers.accept);
  if (mediaType === undefined) {
    return {status: 406, text: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"};
  }
  if (request.headers['mesos-stream-id'] !== undefined) {
    return {status: 400, text: "Subscribe calls should not include the 'Mesos-Stream-Id' header"};
  }
  const stream = master.openStream(request.response, mediaType, EVENT);
  master.handle({kind: 'subscribe', stream, call, principal});
  return undefined;
}

function otherCall(master: MasterAccess, request: Request, call: Call, principal: string | undefined): Reply {
  const id = call.framework_id!.value;
  const framework = master.context.state.frameworks.get(id);
  if (!framework) return {status: 400, text: 'Framework cannot be found'};
  if (principal !== undefined && framework.info.principal !== principal) {
    const text = `Authenticated principal '${principal}' does not match principal '${framework.info.principal ?? ''}' set in \`FrameworkInfo\``;
    return {status: 400, text};
  }
  if (framework.stream === undefined) return {status: 403, text: 'Framework is not subscribed'};
  const stream = request.headers['mesos-stream-id'];
  if (stream === undefined) return {status: 400, text: "All non-subscribe calls should include the 'Mesos-Stream-Id' header"};
  if (stream !== framework.stream) {
    const text = `The stream ID '${stream}' included in this request didn't match the stream ID currently associated with framework ID ${id}`;
    return {status: 400, text};
  }
  const error = call.update_framework && validateFrameworkUpdate(framework.info, call.update_framework);
  if (error !== undefined) return {status: 400, text: error};
  master.handle({kind: 'call', framework, call});
  return call.type === 'UPDATE_FRAMEWORK' ? {status: 200} : ACCEPTED;
}
