import {quote, quoteAll, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {Hw5Error, UnitError} from '../support/errors.js';
import {redact} from '../support/redact.js';

/**
 * A unit that is restarted for ever has clearly failed after this many restarts in a row, each after a run of less than 10 s: from then on
 * templates/systemd/keep-trying.conf pauses before each one. A program may fail once or twice for good reasons, such as a port that the old
 * process still holds.
 */
const RESTARTS = 4;
/** Exit code of the script of a wait when a unit has clearly failed. */
export const UNIT_FAILED = 4;
/** How much of a run is read: its first lines and its last lines. */
const LINES = 30;
/** More lines of a run are not shown. */
const MOST_LINES = 8;

/**
 * Shell commands that define `failed_unit`: it prints the first unit that has clearly failed, and fails where there is none. The count of
 * restarts is systemd's own, which an explicit restart and a good run reset.
 */
export function failedUnit(units: readonly string[]): string {
  return `failed_unit() {
  set -- ${quoteAll(units)}
  for unit in "$@"; do
    ActiveState='' SubState='' NRestarts=0 ActiveEnterTimestampMonotonic=0 ActiveExitTimestampMonotonic=0 InactiveEnterTimestampMonotonic=0
    eval "$(systemctl show -p ActiveState -p SubState -p NRestarts -p ActiveEnterTimestampMonotonic -p ActiveExitTimestampMonotonic -p InactiveEnterTimestampMonotonic "$unit" 2>/dev/null)"
    ran=$((ActiveExitTimestampMonotonic - ActiveEnterTimestampMonotonic)) ended=$((InactiveEnterTimestampMonotonic - ActiveExitTimestampMonotonic))
    case $ActiveState/$SubState in
      failed/*) ;;
      activating/auto-restart*|activating/start-pre)
        [ "$NRestarts" -ge ${RESTARTS} ] || continue
        # after a good run, this is the first failure
        if [ "$ran" -ge 10000000 ] && [ "$ended" -lt 5000000 ]; then continue; fi ;;
      *) continue ;;
    esac
    echo "$unit"
    return 0
  done
  return 1
}`;
}

/** The last run of a unit, by its journal. */
export interface LastRun {
  /** How it ended, as `status=1/FAILURE`; undefined when it has not ended. */
  readonly end: string | undefined;
  /** What it printed: the lines that tell most. */
  readonly lines: readonly string[];
}

/** Prints the journal of a unit's last run that has ended, or of the present one. */
export function lastRunScript(unit: string): string {
  return `id=$(journalctl -q --no-pager _PID=1 UNIT=${quote(unit)} -n 30 -o json --output-fields=MESSAGE,INVOCATION_ID |
  sed -n '/process exited\\|Failed with result/s/.*"INVOCATION_ID":"\\([0-9a-f]*\\)".*/\\1/p' | tail -n 1)
case $(systemctl show -p SubState --value ${quote(unit)}) in
  running) id=$(systemctl show -p InvocationID --value ${quote(unit)}) ;;
esac
[ -n "$id" ] || exit 0
journalctl -q --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$id" + "INVOCATION_ID=$id" |
  awk 'NR <= ${LINES} { print; next } { line[NR] = $0; delete line[NR - ${LINES}] } END { for (i = NR - ${LINES - 1}; i <= NR; i++) if (i in line) print line[i] }'`;
}

/** Reads the last run of a unit. Its journal is a help: where it cannot be read, there are no lines. */
export async function lastRun(host: Host, unit: string, signal?: AbortSignal): Promise<LastRun> {
  try {
    const {stdout} = await script(host, lastRunScript(unit), {signal, timeoutMs: 20_000});
    return readRun(unit, stdout);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Hw5Error)) throw error;
    return {end: undefined, lines: []};
  }
}

/** What the units printed last. */
export async function lastLinesOf(host: Host, units: readonly string[], signal?: AbortSignal): Promise<readonly string[]> {
  const runs = units.map(async (unit) => {
    const {lines} = await lastRun(host, unit, signal);
    return units.length === 1 ? lines : lines.map((line) => `${unit}: ${line}`);
  });
  return (await Promise.all(runs)).flat();
}

/** Reads the journal of one run. */
export function readRun(unit: string, journal: string): LastRun {
  const all = journal.split('\n').map((line) => line.trimEnd());
  const [end] = all.flatMap((line) => /process (?:exited|killed), code=\w+, (status=\S+)/.exec(line)?.slice(1) ?? []);
  const own = all.filter((line) => line.trim() !== '' && !isOfSystemd(line, unit) && !isUsage(line));
  return {end, lines: mostTelling(own.map((line) => redact(line.startsWith(`${unit}: `) ? line.slice(unit.length + 2) : line)))};
}

/** What is printed in every run, by systemd or what prepares the program. */
function isOfSystemd(line: string, unit: string): boolean {
  // the unit's own `docker rm -f` of a container that does not exist
  if (line.startsWith('Error: No such container: ')) return true;
  // the second line of `Found left-over process …`
  if (line.startsWith('This usually indicates unclean termination')) return true;
  if (/^(Starting|Started|Stopping|Stopped|Reloading|Reloaded|Failed to start) /.test(line)) return true;
  return (
    line.startsWith(`${unit}: `) &&
    /: (\w+ process exited|Failed with result|Scheduled restart|Consumed|Deactivated|Found left-over|Unit process|Killing process|Control process)/.test(
      line,
    )
  );
}

/** A line of the description of a program's options, which Mesos prints after an error in one. */
function isUsage(line: string): boolean {
  return /^ {2,}--|^ {30}/.test(line);
}

/** Lines of a stack and of the source that Node prints with it are not the error itself. */
const isError = (line: string): boolean =>
  !/^(\s|node:)/.test(line) && /error|fail|fatal|cannot|denied|no such|not found|in use|unknown|invalid/i.test(line);

/** The most informative line: the first one with an error, else the last one. */
export function reasonIn(lines: readonly string[]): string | undefined {
  return lines.find(isError) ?? lines.at(-1);
}

/** A stack hides the error above it: so the first lines with an error, and the last lines. */
function mostTelling(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  const errors = lines.flatMap((line, index) => (isError(line) ? [index] : []));
  const last = lines.map((_, index) => index).slice(-3);
  const kept = [...new Set([...errors.slice(0, 3), ...errors.slice(-2), ...last])].sort((a, b) => a - b);
  return kept.flatMap((index, at) => [...(at > 0 && kept[at - 1] !== index - 1 ? ['…'] : []), lines[index]!]);
}

/** The error of a wait whose unit has clearly failed. @param hint where the lines give none */
export function unitFailure(
  host: string,
  unit: string,
  {end, lines}: LastRun,
  reason: string,
  hint: string | undefined,
): UnitError {
  const how = end === undefined ? '' : ` (${end})`;
  return new UnitError(`${unit} fails each time it is started${how}; ${reason} was waited for`, {
    journal: lines,
    hint: hintFor(host, [...lines, end ?? '']) ?? hint,
  });
}

/** What to do about errors that every program may have. */
function hintFor(host: string, lines: readonly string[]): string | undefined {
  const text = lines.join('\n');
  const library = /error while loading shared libraries: ([^:\s]+)/.exec(text)?.[1];
  if (library !== undefined)
    return `install the library ${library} on ${host}: \`ldd\` with the path of the program lists all that are missing`;
  if (/address already in use|EADDRINUSE/i.test(text))
    return `another process holds the port: \`ss -ltnp\` on ${host} shows which`;
  if (/status=203/.test(text))
    return `the program is missing on ${host} or cannot be executed there: is it for this kind of machine?`;
  return undefined;
}
