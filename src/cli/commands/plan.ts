import {Command} from 'commander';
import {createTwoFilesPatch} from 'diff';
import {type Action, describe} from '../../engine/action.js';
import {type ItemPlan, planRun} from '../../engine/runner.js';
import {Hw5Errors} from '../../support/errors.js';
import {type CliContext, now} from '../context.js';
import {formatJson} from '../json/json.js';
import {planSchema} from '../json/plan.js';
import {optionsOf} from '../options.js';
import {chalk} from '../reporter/colours.js';
import {runOptions} from '../run-options.js';

/** `hw5 plan` */
export function planCommand(context: CliContext): Command {
  return new Command('plan')
    .addHelpText(
      'after',
      '\nReads the state of every host once and changes nothing. Where a step depends on another one that has not run yet, the plan assumes that\nnothing exists.\n\nExamples:\n  hw5 plan\n  hw5 --lab plan --json',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      const plans = await planRun({...(await runOptions(options, context, now())), emit: () => {}});
      const errors = new Set(plans.flatMap((plan) => (plan.error ? [plan.error] : [])));
      if (options.json) context.stdout.write(planJson(plans));
      // unreachable hosts may need changes: do not print "nothing to change"
      else if (errors.size === 0 || plans.some(isOpen)) context.stdout.write(planText(plans));
      if (errors.size > 0) throw new Hw5Errors([...errors]);
      if (plans.some(isOpen)) context.setExitCode(3);
    });
}

function isOpen(plan: ItemPlan): boolean {
  return plan.actions.length > 0 || plan.waitFor !== undefined;
}

/** The plan for people. */
export function planText(plans: readonly ItemPlan[]): string {
  const open = plans.filter(isOpen);
  if (open.length === 0) return plans.some(({error}) => error) ? '' : 'nothing to change\n';
  return open
    .map((plan) => {
      const lines = plan.actions.flatMap((action) => [`  ${describe(action)}`, ...diffOf(action).map((line) => `    ${line}`)]);
      const wait = plan.waitFor === undefined ? [] : [`  wait for ${plan.waitFor}`];
      return `${chalk.bold(`${plan.host}: ${plan.title}`)}\n${[...lines, ...wait].join('\n')}\n`;
    })
    .join('\n');
}

/** A unified diff of a file that would be written; of a secret, only that it changes. */
function diffOf(action: Action): readonly string[] {
  if (action.kind !== 'write') return [];
  if (typeof action.content !== 'string') return ['(a secret)'];
  const patch = createTwoFilesPatch(action.path, action.path, action.before ?? '', action.content, undefined, undefined, {
    context: 2,
  });
  const lines = patch.split('\n').filter((line) => line !== '');
  const first = lines.findIndex((line) => line.startsWith('@@'));
  // only the file's mode differs
  if (first === -1) return [];
  return lines
    .slice(first)
    .map((line) => (line.startsWith('+') ? chalk.green(line) : line.startsWith('-') ? chalk.red(line) : line));
}

/** The plan for programs. Secrets print as `***`. */
export function planJson(plans: readonly ItemPlan[]): string {
  const items = plans.map((plan) => ({
    step: plan.step,
    host: plan.host,
    actions: plan.actions.map((action) => ({
      kind: action.kind,
      description: describe(action),
      ...(action.kind === 'write' && {
        path: action.path,
        mode: action.mode.toString(8),
        content: action.content,
        before: action.before,
      }),
    })),
    waitFor: plan.waitFor,
    error: plan.error?.message,
  }));
  return formatJson(planSchema, items);
}
