/** The message of an error, or its code: connection errors of several addresses have an empty message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message !== '' ? error.message : (code ?? error.name);
}
