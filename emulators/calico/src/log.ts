/** The log of a program, on standard error: its unit passes that to `svlogd`, which writes /var/log/calico/<program>/current. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** Lines in the format of Felix: `2017-11-28 17:10:01.123 [INFO][59] agent: message`. */
export function felixLog(write: (line: string) => void, pid: number, now: () => Date = () => new Date()): Log {
  const line = (level: string, message: string) => {
    const [date, time = ''] = now().toISOString().split('T');
    write(`${date} ${time.replace('Z', '')} [${level}][${pid}] agent: ${oneLine(message)}\n`);
  };
  return {info: (message) => line('INFO', message), warn: (message) => line('WARNING', message)};
}

/** Lines in the format of the libnetwork plugin: `time="2017-11-28T17:10:01Z" level=info msg="message"`. */
export function logrusLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  const line = (level: string, message: string) =>
    write(`time="${now().toISOString().slice(0, 19)}Z" level=${level} msg=${JSON.stringify(message)}\n`);
  return {info: (message) => line('info', message), warn: (message) => line('warning', message)};
}

/** One message is one line. */
function oneLine(message: string): string {
  return message.trimEnd().replaceAll('\n', '; ');
}

/** The message of a thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
