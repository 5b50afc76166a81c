import chalk, {chalkStderr} from 'chalk';

/** Colours for standard output (`chalk`) and standard error (`chalkStderr`): each is disabled where that is not a terminal. */
export {chalk, chalkStderr};

/** Disables colours if NO_COLOR is set to any value (no-color.org): chalk itself considers only the terminal and FORCE_COLOR. */
export function respectNoColor(env: Readonly<Record<string, string | undefined>>): void {
  if (!env['NO_COLOR']) return;
  chalk.level = 0;
  chalkStderr.level = 0;
}
