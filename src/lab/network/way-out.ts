import {tryRun} from '../run.js';

/** A query for the root's name servers, which every resolver answers, be it with an error. */
const QUERY = Buffer.concat([
  Buffer.from('687701000001000000000000', 'hex'), // id, "recursion desired", one query
  Buffer.from('0000020001', 'hex'), // the root, NS, IN
]);
const ATTEMPTS_MS = [0, 500, 1_000];
const ANSWER_LIMIT_MS = 2_000;

/** For `node -e`: prints "answered" when the resolver has answered. Arguments: address, port. */
const QUERY_PROGRAM = `
const [address, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
const query = Buffer.from('${QUERY.toString('hex')}', 'hex');
const timers = [];
const end = () => {
  for (const timer of timers) clearTimeout(timer);
  socket.close();
};
socket.once('message', () => {
  console.log('answered');
  end();
});
socket.once('error', end);
socket.connect(Number(port), address, () => {
  for (const ms of ${JSON.stringify(ATTEMPTS_MS)}) timers.push(setTimeout(() => socket.send(query), ms));
  timers.push(setTimeout(end, ${ANSWER_LIMIT_MS}));
});
`;

/**
 * Whether a resolver answers a query over UDP.
 * @param from a command that runs the querying program elsewhere, such as in a machine's network namespace
 */
export async function answersDns(
  address: string,
  {port = 53, from = [], signal}: {port?: number; from?: readonly string[]; signal?: AbortSignal | undefined} = {},
): Promise<boolean> {
  const {stdout} = await tryRun([...from, process.execPath, '-e', QUERY_PROGRAM, address, String(port)], {signal});
  return stdout === 'answered\n';
}

/**
 * Whether a machine's packets reach the outside: foreign rules (firewalld's, in another table of nftables) may drop what the lab's rules accept.
 * @param leader the host's pid of the machine's process 1
 * @returns the resolver that answers the host and not the machine; undefined when it answers both or neither
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
