import {tryRun} from '../run.js';

/** "Which are the name servers of the root?": whatever a resolver makes of it, it answers. */
const QUESTION = Buffer.concat([
  Buffer.from('687701000001000000000000', 'hex'), // id, "recursion desired", one question
  Buffer.from('0000020001', 'hex'), // the root, NS, IN
]);
const ATTEMPTS_MS = [0, 500, 1_000];
const ANSWER_LIMIT_MS = 2_000;

/** For `node -e`: its exit code is 0 when the resolver has answered. Arguments: address, port. */
const ASK = `
const [address, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => process.exit(0));
socket.on('error', () => process.exit(1));
const question = Buffer.from('${QUESTION.toString('hex')}', 'hex');
socket.connect(Number(port), address, () => {
  for (const ms of ${JSON.stringify(ATTEMPTS_MS)}) setTimeout(() => socket.send(question), ms);
});
setTimeout(() => process.exit(1), ${ANSWER_LIMIT_MS});
`;

/**
 * Whether a resolver answers. It is asked over UDP, as for names.
 * @param from the command that puts the asking program somewhere else, as into a machine's network
 */
export async function answersDns(
  address: string,
  {port = 53, from = [], signal}: {port?: number; from?: readonly string[]; signal?: AbortSignal | undefined} = {},
): Promise<boolean> {
  const {code} = await tryRun([...from, process.execPath, '-e', ASK, address, String(port)], {signal});
  return code === 0;
}

/**
 * Looks whether what a machine sends gets out: rules of somebody else's (firewalld's, in another table of nftables) may drop what ours accept.
 * @param leader the machine's process 1, as this computer numbers it
 * @returns the resolver that answers this computer and not the machine; undefined when all is well, or this computer itself gets no answer
 */
export async function findBlockedResolver(
  leader: number,
  [address]: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const from = ['nsenter', '--target', String(leader), '--net', '--'];
  if (address === undefined || (await answersDns(address, {from, signal}))) return undefined;
  return (await answersDns(address, {signal})) ? address : undefined;
}
