import {connect} from 'node:net';

/** True when an SSH server greets at the address. */
export function answersSsh(address: string, limitMs = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({host: address, port: 22});
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(limitMs, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-2.0-')));
  });
}
