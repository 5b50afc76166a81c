import {parseCluster} from '../../../src/cluster/load.js';
import {ConfigError, Hw5Errors} from '../../../src/support/errors.js';

/** All errors in a cluster file, as `line:column path: message → hint`, in the order in which they are reported. */
export function configErrorsOf(text: string): readonly string[] {
  return errorsOf(() => parseCluster(text, 'cluster.yaml', {user: 'me'})).map(
    ({location, message, hint}) => `${location.line}:${location.column} ${message} → ${hint}`,
  );
}

/** The errors that a call throws; none when it does not throw. */
export function errorsOf(call: () => unknown): readonly ConfigError[] {
  try {
    call();
    return [];
  } catch (error) {
    return configErrors(error);
  }
}

export function configErrors(error: unknown): readonly ConfigError[] {
  if (!(error instanceof Hw5Errors)) throw error;
  return error.errors.map((one) => {
    if (one instanceof ConfigError) return one;
    throw one;
  });
}
