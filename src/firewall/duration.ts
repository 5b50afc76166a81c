import {UsageError} from '../support/errors.js';

const UNITS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400};

/** Reads `90s`, `10m`, `2h`, `1d` or several as `1h30m`, in seconds. @throws UsageError */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
  if (parts.map(([part]) => part).join('') !== text || seconds === 0 || seconds > 366 * 86_400) {
    throw new UsageError(`"${text}" is not a duration`, {hint: 'write it as 90s, 10m, 2h, 1d or 1h30m'});
  }
  return seconds;
}

/** Writes seconds with their two largest units: `59s`, `9m59s`, `2h`, `3d4h`. */
export function showDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  let left = whole;
  for (const [unit, size] of Object.entries(UNITS).toReversed()) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
    if (parts.length > 0 && parts.length === 2) break;
  }
  return parts.length === 0 ? '0s' : parts.join('');
}
