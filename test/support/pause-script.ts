import {renderUnit} from '../../src/components/unit-file.js';

/** The script of a unit's pause before a restart, as systemd passes it to the shell of the unit `unit`. */
export function pauseScript(unit = 'hw5-proxy.service'): string {
  const text = renderUnit('framework/hw5-scheduler.service', {cluster: '', program: '', config: '', content: ''});
  const [, script = ''] = /^ExecStartPre=\+-\/bin\/sh -c '([^']*)'/m.exec(text)!;
  return script.replaceAll('\\\n', ' ').replaceAll('$$', '$').replaceAll('%n', unit);
}
