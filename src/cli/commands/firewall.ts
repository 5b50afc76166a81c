import {Command} from 'commander';
import {EXERCISES} from '../../firewall/rule.js';
import type {CliContext} from '../context.js';
import {exerciseCommand} from './firewall/exercise.js';
import {listCommand} from './firewall/list.js';
import {removeCommand} from './firewall/remove.js';
import {resetCommand} from './firewall/reset.js';
import {verifyCommand} from './firewall/verify.js';

/** `hw5 firewall …` */
export function firewallCommand(context: CliContext): Command {
  const firewall = new Command('firewall').addHelpText(
    'after',
    `
The node rolls back every change by itself unless hw5 confirms it over a new connection. SSH from where you are and the cluster's own traffic
always get through, unless a rule is --strict.

Examples:
  hw5 firewall deny-ip 198.18.0.12 --node node1
  hw5 firewall deny-mac 02:00:1e:4c:00:03 --for 10m
  hw5 firewall http-only --node node2 --persist
  hw5 firewall http-only --node node2 --strict --for 1m     the report's, which cut off SSH
  hw5 firewall list
  hw5 firewall verify 3f2a1c
  hw5 firewall remove 3f2a1c
  hw5 firewall reset`,
  );
  const commands = [
    ...EXERCISES.map((exercise) => exerciseCommand(exercise, context)),
    listCommand(context),
    verifyCommand(context),
    removeCommand(context),
    resetCommand(context),
  ];
  for (const command of commands) firewall.addCommand(command.copyInheritedSettings(firewall).exitOverride());
  return firewall;
}
