import {UsageError} from './errors.js';

/** A point in time for reading logs: relative to the clock of the host that has them, or absolute. */
export type Since = {readonly secondsAgo: number} | {readonly epochSeconds: number};

const SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400};

/** Parses `90s`, `10m`, `2h`, `1d` (ago) or a date and time, as `2024-05-01T12:00`. @throws UsageError */
export function parseSince(text: string): Since {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match) return {secondsAgo: Number(match[1]) * SECONDS[match[2]!]!};
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`"${text}" is not a point in time`, {
      hint: 'write it as 90s, 10m, 2h or 1d (ago), or as 2024-05-01T12:00',
    });
  return {epochSeconds: time / 1000};
}

/** The option of journalctl. */
export function journalSince(since: Since | undefined): readonly string[] {
  if (since === undefined) return [];
  return [`--since=${'secondsAgo' in since ? `-${since.secondsAgo}s` : `@${since.epochSeconds}`}`];
}

/** The options of `docker logs`. */
export function dockerSince(since: Since | undefined): readonly string[] {
  if (since === undefined) return [];
  return ['--since', 'secondsAgo' in since ? `${since.secondsAgo}s` : String(since.epochSeconds)];
}
