import type {Family} from '../support/address.js';
import {Hw5Error} from '../support/errors.js';
import type {FirewallState, ToolState, Variant} from './firewall-state.js';
import {managedTables} from './managed.js';

/** What each variant is called by those who choose between them. */
const NAMES: Readonly<Record<Variant, string>> = {nft: 'nf_tables', legacy: 'legacy'};

/** Chains in which a rule of anybody's changes what ours mean. */
const HOOKS = ['INPUT', 'FORWARD'];

/** Rules and policies that decide where ours would stand, ours aside. */
function weight({tables}: ToolState): number {
  const filter = tables.find((table) => table.name === 'filter');
  if (!filter) return 0;
  const policies = HOOKS.filter((hook) => !['ACCEPT', undefined].includes(filter.chains.get(hook))).length;
  return policies + filter.rules.filter((rule) => HOOKS.includes(rule.chain) && !/ HW5-|^-j HW5-/.test(rule.text)).length;
}

const hasOurs = (tool: ToolState): boolean => managedTables(tool.tables).length > 0;

/**
 * The iptables to work with in a family: where our rules are already, else where the host's are, else what the host calls iptables. Undefined:
 * there is none. @throws Hw5Error when the host has rules in both variants: which of two firewalls decides is nothing to build upon.
 */
export function chooseTool(state: FirewallState, family: Family, node: string): ToolState | undefined {
  const here = state.tools.filter((tool) => tool.family === family);
  const [busy = [], ours = []] = [here.filter((one) => weight(one) > 0), here.filter(hasOurs)];
  const involved = here.filter((one) => busy.includes(one) || ours.includes(one));
  if (involved.length > 1) throw mixed(node, involved, family);
  return involved[0] ?? here.find((tool) => tool.variant === state.defaults[family]) ?? here[0];
}

function mixed(node: string, tools: readonly ToolState[], family: Family): Hw5Error {
  const parts = tools.map((one) => `${NAMES[one.variant]} (${weight(one) + (hasOurs(one) ? 1 : 0)} in ${HOOKS.join(' and ')})`);
  const command = family === 4 ? 'iptables' : 'ip6tables';
  return new Hw5Error(`${node} has ${command} rules in both variants: ${parts.join(' and ')}`, {
    hint: `the kernel obeys both, so neither tells the whole truth: clear one (\`${command}-legacy-save\` and \`${command}-nft-save\` show them), or choose with \`update-alternatives --config ${command}\` and reboot`,
  });
}
