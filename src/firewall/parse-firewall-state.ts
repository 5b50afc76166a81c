import {type Address, type Family, parseAddress} from '../support/address.js';
import type {FirewallState, Interface, Note, ToolState, Variant} from './firewall-state.js';
import {parseSave} from './parse-save.js';

/** Parses the output of the snapshot script: sections that begin with a line `#hw5 <what> …`. */
export function parseFirewallState(text: string): FirewallState {
  const tools: ToolState[] = [];
  const defaults: Partial<Record<Family, Variant>> = {};
  const broken: string[] = [];
  const notes = new Map<string, Note>();
  let [now, fingerprint, addresses, links] = [0, '', '', ''];
  let pending: FirewallState['pending'];
  let bootUnit: string | undefined;
  for (const section of text.split(/^#hw5 /m).slice(1)) {
    const [head = ''] = section.split('\n', 1);
    const body = section.slice(head.length + 1);
    const [what, a = '', b = '', c = '', d = ''] = head.split(' ');
    if (what === 'now') now = Number(a);
    else if (what === 'default') defaults[familyOfTool(a)] = b as Variant;
    else if (what === 'broken') broken.push(head.slice('broken '.length));
    else if (what === 'fingerprint') fingerprint = a;
    else if (what === 'note') notes.set(a, {added: Number(b), ends: c === '-' ? undefined : Number(c), persisted: d === 'yes'});
    else if (what === 'boot') bootUnit = a;
    else if (what === 'pending') pending = {until: Number(b)};
    else if (what === 'addresses') addresses = body;
    else if (what === 'links') links = body;
    // the dump of a broken tool is incomplete
    else if (what === 'save' && !broken.some((error) => error.startsWith(`${a} `)))
      tools.push({tool: a, family: familyOfTool(a), variant: b as Variant, tables: parseSave(body)});
  }
  return {now, fingerprint, tools, defaults, broken, notes, pending, bootUnit, interfaces: parseInterfaces(addresses, links)};
}

const familyOfTool = (tool: string): Family => (tool.startsWith('ip6') ? 6 : 4);

/** Parses the output of `ip -o addr` and `ip -o link`. */
function parseInterfaces(addresses: string, links: string): readonly Interface[] {
  const interfaces = new Map<string, {mac?: string; addresses: {address: Address; scope: string}[]}>();
  const at = (name: string) => {
    const one = interfaces.get(name) ?? {addresses: []};
    interfaces.set(name, one);
    return one;
  };
  for (const [, name = '', text = '', scope = ''] of addresses.matchAll(/^\d+: +(\S+) +inet6? ([^ /]+).*? scope (\S+)/gm)) {
    const address = parseAddress(text);
    if (address !== undefined) at(name).addresses.push({address, scope});
  }
  for (const [, name = '', mac = ''] of links.matchAll(/^\d+: +([^\s:@]+).* link\/ether (\S+)/gm)) at(name).mac = mac;
  return [...interfaces].map(([name, one]) => ({name, ...one}));
}
