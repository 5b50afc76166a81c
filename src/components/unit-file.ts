import {render, template} from '../support/template.js';

/** The lines with which systemd restarts a unit for ever, after pauses that grow. They are complete sections: `[Unit]` and `[Service]`. */
const KEEP_TRYING = template('systemd/keep-trying.conf').trimEnd();

/** The file of a unit that runs for ever, or of a drop-in for one: a template, with `{{keepTrying}}` at the end of its `[Unit]` section. */
export function renderUnit(path: string, values: Readonly<Record<string, string | number>>): string {
  return render(path, {...values, keepTrying: KEEP_TRYING});
}
