/** Writes a line to the log, which journald collects. */
export type Log = (message: string) => void;

/** A log that writes lines with an ISO timestamp to a stream such as process.stderr. */
export function logTo(stream: {write(text: string): unknown}, now: () => Date): Log {
  return (message) => {
    stream.write(`${now().toISOString()} ${message}\n`);
  };
}
