/** The log of a program. systemd's journal adds the time and the unit. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** Lines on standard error, with the priority prefixes that journald reads. */
export function journalLog(write: (line: string) => void): Log {
  return {
    info: (message) => write(`<6>${oneLine(message)}\n`),
    warn: (message) => write(`<4>${oneLine(message)}\n`),
  };
}

/** The journal makes an entry of each line: one message is one line. */
function oneLine(message: string): string {
  return message.trimEnd().replaceAll('\n', '; ');
}

/** The message of a thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
