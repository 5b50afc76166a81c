import type {Family} from '../support/address.js';
import {Hw5Error} from '../support/errors.js';
import type {FirewallState, ToolState, Variant} from './firewall-state.js';
import {managedTables, PREFIX} from './managed.js';
import {targetOf} from './parse-save.js';

/** The variants as iptables itself names them. */
const NAMES: Readonly<Record<Variant, string>> = {nft: 'nf_tables', legacy: 'legacy'};

/** Chains in which a rule of another tool affects hw5's rules. */
const HOOKS = ['INPUT', 'FORWARD'];

/** How many rules and policies of other tools there are in these chains. */
function foreignRules({tables}: ToolState): number {
  const filter = tables.find((table) => table.name === 'filter');
  if (!filter) return 0;
  const policies = HOOKS.filter((hook) => !['ACCEPT', undefined].includes(filter.chains.get(hook))).length;
  return policies + filter.rules.filter((rule) => HOOKS.includes(rule.chain) && !targetOf(rule)?.startsWith(PREFIX)).length;
}

const isManaged = (tool: ToolState): boolean => managedTables(tool.tables).length > 0;

/**
 * The iptables to use for a family: the one that has hw5's rules already, else the one that has the host's rules, else the host's default. Undefined:
 * there is none. @throws Hw5Error when both variants have rules: the kernel applies both, so a proof of one is worth nothing
 */
export function chooseTool(state: FirewallState, family: Family, node: string): ToolState | undefined {
  const tools = state.tools.filter((tool) => tool.family === family);
  const used = tools.filter((tool) => foreignRules(tool) > 0 || isManaged(tool));
  if (used.length > 1) throw mixed(node, used, family);
  return used[0] ?? tools.find((tool) => tool.variant === state.defaults[family]) ?? tools[0];
}

function mixed(node: string, tools: readonly ToolState[], family: Family): Hw5Error {
  const parts = tools.map(
    (tool) => `${NAMES[tool.variant]} (${foreignRules(tool) + (isManaged(tool) ? 1 : 0)} in ${HOOKS.join(' and ')})`,
  );
  const command = family === 4 ? 'iptables' : 'ip6tables';
  return new Hw5Error(`${node} has ${command} rules in both variants: ${parts.join(' and ')}`, {
    hint: `the kernel applies both: clear one (\`${command}-legacy-save\` and \`${command}-nft-save\` show them), or choose with \`update-alternatives --config ${command}\` and reboot`,
  });
}
