import chalk, {chalkStderr} from 'chalk';

/** No colours for whoever set NO_COLOR to anything (no-color.org): chalk itself looks at the terminal and at FORCE_COLOR only. */
export function respectNoColor(env: Readonly<Record<string, string | undefined>>): void {
  if (!env['NO_COLOR']) return;
  chalk.level = 0;
  chalkStderr.level = 0;
}
