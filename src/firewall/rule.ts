import type {Family} from '../support/address.js';
import type {Block} from '../support/block.js';
import {UsageError} from '../support/errors.js';
import {sha256} from '../support/sha256.js';
import {isGroupMac, parseMac} from './mac.js';
import {impossibleSource, isSingle, parseSource, showSource} from './source-block.js';

export const EXERCISES = ['deny-ip', 'deny-mac', 'http-only', 'deny-ping'] as const;
export type Exercise = (typeof EXERCISES)[number];

/** `host`: what the node itself receives (INPUT); `containers`: what its containers receive and send (FORWARD, and INPUT for what they send to it). */
export const SCOPES = ['host', 'containers', 'both'] as const;
export type Scope = (typeof SCOPES)[number];

/** What is denied: a source address, a hardware address, or everything but HTTP. */
export type Match =
  | {readonly kind: 'net'; readonly net: Block}
  | {readonly kind: 'mac'; readonly mac: string}
  | {readonly kind: 'all'};

/** One of the report's exercises, as requested. It becomes one or several lines in the kernel, which all carry its id. */
export interface Rule {
  /** Six hex digits, the same for the same rule everywhere. */
  readonly id: string;
  readonly exercise: Exercise;
  readonly match: Match;
  readonly scope: Scope;
  /** Without the failsafe ahead of it. */
  readonly strict: boolean;
}

export const ID = /^[0-9a-f]{6}$/;

/** Makes a rule and its id. */
export function makeRule(rule: Omit<Rule, 'id'>): Rule {
  const words = [rule.exercise, showMatch(rule.match), rule.scope, ...(rule.strict ? ['strict'] : [])];
  return {...rule, id: sha256(words.join(' ')).slice(0, 6)};
}

/** What the rule matches, for people: an address, a MAC, or `all but tcp/80`. */
export function showMatch(match: Match): string {
  if (match.kind === 'net') return showSource(match.net);
  return match.kind === 'mac' ? match.mac : 'all but tcp/80';
}

/** The families to which a rule applies: a MAC may send both, and "only HTTP" leaves neither open. */
export function familiesOf({match}: Pick<Rule, 'match'>): readonly Family[] {
  return match.kind === 'net' ? [match.net.family] : [4, 6];
}

export const coversHost = ({scope}: Pick<Rule, 'scope'>): boolean => scope !== 'containers';
export const coversContainers = ({scope}: Pick<Rule, 'scope'>): boolean => scope !== 'host';

/**
 * Whether it matches what a node receives from its own containers. Such packets leave a container and enter the node, so they belong to both scopes; but
 * `http-only` limits what comes in, for containers as for nodes.
 */
export const coversOwnNode = (rule: Pick<Rule, 'scope' | 'exercise'>): boolean =>
  coversHost(rule) || rule.exercise !== 'http-only';

/** Parses the user's argument. @throws UsageError */
export function readMatch(exercise: Exercise, text: string | undefined): Match {
  if (exercise === 'http-only') return {kind: 'all'};
  if (text === undefined) {
    throw new UsageError(`${exercise} needs an address`, {
      hint: 'it comes before --node, which takes all names that follow: `hw5 firewall deny-ip 198.18.0.12 --node node1`',
    });
  }
  if (exercise === 'deny-mac') return {kind: 'mac', mac: readMac(text)};
  return {kind: 'net', net: readNet(exercise, text)};
}

function readMac(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) {
    const isAddress = parseSource(text) !== undefined;
    throw new UsageError(`"${text}" is not a MAC address`, {
      hint: isAddress
        ? `for an IP address: \`hw5 firewall deny-ip ${text}\``
        : 'six bytes, as 02:00:1e:4c:00:03; `ip link` shows them',
    });
  }
  if (isGroupMac(mac) || mac === '00:00:00:00:00:00') {
    throw new UsageError(
      `${mac} is ${mac === 'ff:ff:ff:ff:ff:ff' ? 'the broadcast address' : 'no address of one machine'}: no frame comes from it`,
      {
        hint: "give the address of the other host's interface; `ip link` there shows it",
      },
    );
  }
  return mac;
}

function readNet(exercise: 'deny-ip' | 'deny-ping', text: string): Block {
  const net = parseSource(text);
  if (net === undefined) {
    const isName = /[a-z]/i.test(text) && /^[\w.-]+$/.test(text);
    throw new UsageError(`"${text}" is not an IP address${exercise === 'deny-ip' ? ' or a block of addresses' : ''}`, {
      hint: isName
        ? `the kernel's rules know no names: \`getent hosts ${text}\` gives the address`
        : `write it as 198.18.0.12${exercise === 'deny-ip' ? ', 198.18.0.0/24' : ''} or fd00::12`,
    });
  }
  if (exercise === 'deny-ping' && !isSingle(net)) {
    throw new UsageError(`deny-ping takes one address, not the block ${text}`, {hint: '`hw5 firewall deny-ip` takes blocks'});
  }
  const why = impossibleSource(net);
  if (why !== undefined) {
    throw new UsageError(`${text} ${why}`, {
      hint: net.prefix === 0 ? 'to shut out everything but HTTP: `hw5 firewall http-only`' : 'give the address of the other host',
    });
  }
  return net;
}
