/** Where the programs write what they do: one line an event, as journald likes it. */
export type Log = (message: string) => void;

/** Lines with an ISO time on a stream such as process.stderr. */
export function logTo(stream: {write(text: string): unknown}, now: () => Date): Log {
  return (message) => {
    stream.write(`${now().toISOString()} ${message}\n`);
  };
}
