/** Durations in the format of Mesos' flags: `15secs`, `10mins`, `2weeks`. */

const UNITS: readonly (readonly [string, number])[] = [
  ['weeks', 604_800],
  ['days', 86_400],
  ['hrs', 3_600],
  ['mins', 60],
  ['secs', 1],
  ['ms', 1e-3],
  ['us', 1e-6],
  ['ns', 1e-9],
];

/** The seconds of a duration; undefined when the string is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text);
  const unit = UNITS.find(([name]) => name === match?.[2])?.[1];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

/** Formats a duration in the largest unit that divides it, as Mesos does. */
export function formatDuration(seconds: number): string {
  for (const [name, unit] of UNITS) {
    const count = seconds / unit;
    if (count >= 1 && Number.isInteger(count)) return `${count}${name}`;
  }
  return `${seconds}secs`;
}
