import {type Exercise, makeRule, type Rule, readMatch, type Scope} from '../../../src/firewall/rule.js';

/** A rule as the command line makes it. */
export function rule(exercise: Exercise, text?: string, {scope = 'host' as Scope, strict = false} = {}): Rule {
  return makeRule({exercise, match: readMatch(exercise, text), scope, strict});
}
