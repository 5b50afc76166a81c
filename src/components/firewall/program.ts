import {quote} from '../../host/command.js';
import {template} from '../../support/template.js';

/** The program that works on a host's firewall; its head explains it. */
export function program(): string {
  return template('firewall/hw5-firewall.sh');
}

/** A script that calls the program. The program is parsed as a whole before any of it runs. */
export function programCall(...argv: readonly string[]): string {
  return `PROGRAM=${quote(program())}\neval "$PROGRAM"\nhw5_firewall ${argv.map(quote).join(' ')}\n`;
}

/** A script that prints the state of a host's firewall and changes nothing. */
export function snapshotScript(): string {
  return `${template('firewall/snapshot.sh')}\n${programCall('snapshot')}`;
}
