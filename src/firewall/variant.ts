import type {Family} from '../support/address.js';
import {Hw5Error} from '../support/errors.js';
import type {FirewallState, ToolState, Variant} from './firewall-state.js';
import {type Owners, ownersOf} from './owners.js';

/** The variants as iptables itself names them. */
const NAMES: Readonly<Record<Variant, string>> = {nft: 'nf_tables', legacy: 'legacy'};

/** The iptables of one family that hw5 uses on a host. */
export interface ToolChoice extends ToolState {
  /** What the user should know about it. */
  readonly remark: string | undefined;
}

type Owned = ToolState & {readonly owners: Owners};

/**
 * The iptables to use for a family. The kernel applies both variants, in an order that does not matter: what either drops is dropped, and what one
 * accepts still passes the other's rules. So hw5's rules bite in either, and Calico's, which may be in the other one, do not decide. hw5 uses the one
 * that has its own rules, or those of other tools, or Docker's, else the host's default. Undefined: there is none.
 * @throws Hw5Error when the two variants have rules of users or of hw5: a listing of the one does not show the rules of the other
 */
export function chooseTool(state: FirewallState, family: Family, node: string): ToolChoice | undefined {
  const tools = state.tools.filter((tool) => tool.family === family).map((tool): Owned => ({...tool, owners: ownersOf(tool)}));
  const usual = state.defaults[family];
  const isDefault = (tool: ToolState): boolean => usual === undefined || tool.variant === usual;
  // Docker's rules stay in one variant until the next boot when Docker was restarted with the other one as the default
  const isLeftByDocker = (tool: Owned): boolean =>
    !isDefault(tool) && tools.some((other) => other !== tool && other.owners.hasDocker);
  const used = tools.filter(
    (tool) => tool.owners.others > 0 || tool.owners.hasHw5 || (tool.owners.hasDocker && !isLeftByDocker(tool)),
  );
  if (used.length > 1) throw mixed(node, used, family);
  const chosen = used[0] ?? tools.find(isDefault) ?? tools[0];
  return chosen && {...chosen, remark: remarkOn(chosen, tools, isDefault(chosen))};
}

/** Which variant it is, where the other one has rules, or is what plain `iptables` shows. */
function remarkOn(chosen: Owned, tools: readonly Owned[], isDefault: boolean): string | undefined {
  const [other] = tools.filter((tool) => tool !== chosen && ownerNames(tool.owners).length > 0);
  if (!other && isDefault) return undefined;
  const elsewhere =
    other && `the rules of ${ownerNames(other.owners).join(' and ')} are in ${other.tool}, and the kernel applies both`;
  const hidden = isDefault ? undefined : `plain \`${chosen.family === 4 ? 'iptables' : 'ip6tables'}\` does not show it`;
  return [`the rule is in ${chosen.tool}`, elsewhere, hidden].filter(Boolean).join('; ');
}

function ownerNames({hasHw5, hasDocker, hasCalico, others}: Owners): string[] {
  return [
    ...(hasHw5 ? ['hw5'] : []),
    ...(hasDocker ? ['Docker'] : []),
    ...(hasCalico ? ['Calico'] : []),
    ...(others > 0 ? [`${others} ${others === 1 ? 'rule' : 'rules'} of other tools`] : []),
  ];
}

function mixed(node: string, tools: readonly Owned[], family: Family): Hw5Error {
  const parts = tools.map(({variant, owners}) => `${NAMES[variant]} (${ownerNames(owners).join(', ')})`);
  const command = family === 4 ? 'iptables' : 'ip6tables';
  const isHw5Apart = tools.some(({owners}) => owners.hasHw5 && owners.others === 0);
  return new Hw5Error(`${node} has ${command} rules in both variants: ${parts.join(' and ')}`, {
    hint: isHw5Apart
      ? `\`hw5 firewall reset --node ${node}\` removes hw5's; made again, they are where the other rules are`
      : `the kernel applies both: clear one (\`${command}-legacy-save\` and \`${command}-nft-save\` show them), or choose with \`update-alternatives --config ${command}\` and reboot`,
  });
}
