import ora from 'ora';
import type {Emit, StepOutcome} from '../../engine/events.js';
import {chalkStderr as chalk} from './colours.js';
import {duration, sign, summary} from './words.js';

/** A step while it runs on one or more hosts. */
interface Running {
  readonly title: string;
  readonly started: number;
  /** host → the current action */
  readonly hosts: Map<string, string>;
  readonly ended: Map<string, StepOutcome>;
}

/** One line per step, written when all its hosts are done; below them a spinner with the current actions and the elapsed time. */
export function ttyReporter(out: NodeJS.WriteStream): Emit {
  // reporter.ts has decided that this is a terminal; ora's own check of CI and TERM must not override it
  const spinner = ora({stream: out, discardStdin: false, isEnabled: true});
  const steps = new Map<string, Running>();
  const hostsOf = new Map<string, number>();
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  /** Whether to start the spinner again after a prompt. */
  let resumes = false;
  let idle = 'observing the hosts';

  const show = (): void => {
    const active = [...steps.values()].filter((step) => step.hosts.size > 0);
    const texts = active.map(
      (step) =>
        `${step.title} ${chalk.dim([...step.hosts].map(([host, what]) => (what ? `${host}: ${what}` : host)).join(', '))}`,
    );
    const text = texts.join(chalk.dim(' · ')) || idle;
    const room = Math.max(20, (out.columns ?? 80) - 14);
    spinner.text = `${chalk.dim(duration(performance.now() - begun))} ${cut(text, room)}`;
  };
  const print = (line: string): void => {
    spinner.clear();
    out.write(`${line}\n`);
  };

  return (event) => {
    switch (event.type) {
      case 'start':
        for (const {name, hosts} of event.steps) hostsOf.set(name, hosts.length);
        spinner.start();
        timer = setInterval(show, 200);
        timer.unref();
        break;
      case 'more-steps':
        for (const {name, hosts} of event.steps) hostsOf.set(name, (hostsOf.get(name) ?? 0) + hosts.length);
        break;
      case 'asking':
        resumes = spinner.isSpinning;
        spinner.stop();
        return;
      case 'answered':
        if (resumes) spinner.start();
        break;
      case 'step-start': {
        const step = steps.get(event.step) ?? {
          title: event.title,
          started: performance.now(),
          hosts: new Map(),
          ended: new Map(),
        };
        step.hosts.set(event.host, '');
        steps.set(event.step, step);
        break;
      }
      case 'action':
        steps.get(event.step)?.hosts.set(event.host, event.action);
        break;
      case 'waiting':
        // before the first step: for another run of hw5 on these hosts
        if (steps.has(event.step)) steps.get(event.step)!.hosts.set(event.host, `waiting for ${event.reason}`);
        else idle = `waiting for ${event.reason}`;
        break;
      case 'step-end': {
        const step = steps.get(event.step) ?? {
          title: event.title,
          started: performance.now(),
          hosts: new Map(),
          ended: new Map(),
        };
        steps.set(event.step, step);
        step.hosts.delete(event.host);
        step.ended.set(event.host, event.outcome);
        if (step.ended.size === hostsOf.get(event.step) && !isBlocked(step)) print(lineOf(step));
        break;
      }
      case 'end':
        clearInterval(timer);
        spinner.stop();
        out.write(`${summary(event)}\n`);
        return;
      case 'aborted':
        clearInterval(timer);
        spinner.stop();
        for (const [name, step] of steps) {
          if (step.ended.size > 0 && step.ended.size !== hostsOf.get(name)) out.write(`${lineOf(step)}\n`);
        }
        return;
      default:
    }
    show();
  };
}

/** Whether the step was started on no host: after an early failure that is nearly every step, and the summary counts them. */
function isBlocked(step: Running): boolean {
  return [...step.ended.values()].every((outcome) => outcome === 'blocked');
}

function lineOf(step: Running): string {
  const outcomes = [...step.ended.values()];
  const worst =
    (['failed', 'interrupted', 'blocked', 'changed', 'unchanged'] as const).find((outcome) => outcomes.includes(outcome)) ??
    'unchanged';
  const hosts = [...step.ended].map(([host, outcome]) => (outcome === worst ? host : `${host} ${outcome}`)).join(', ');
  const time = worst === 'changed' ? ` ${chalk.dim(duration(performance.now() - step.started))}` : '';
  return `${sign(worst)} ${step.title}: ${worst} ${chalk.dim(hosts)}${time}`;
}

/** Shortens a string to `width` visible characters, including the ellipsis; colour codes do not count. */
export function cut(text: string, width: number): string {
  const parts = text.split(/(\u001b\[[0-9;]*m)/);
  const isColour = (part: string): boolean => part.startsWith('\u001b[');
  const length = parts.reduce((sum, part) => sum + (isColour(part) ? 0 : part.length), 0);
  if (length <= width) return text;
  let room = width - 1;
  let kept = '';
  for (const part of parts) {
    kept += isColour(part) ? part : part.slice(0, room);
    if (!isColour(part)) room = Math.max(0, room - part.length);
  }
  return `${kept}…`;
}
