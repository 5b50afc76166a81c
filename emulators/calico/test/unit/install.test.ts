import {describe, expect, it} from 'vitest';
import {UNITS} from '../../src/calicoctl/units.js';
import {install} from '../../src/install.js';

const byPath = new Map(install.files.map((file) => [file.path, file]));

describe('what the lab preinstalls of the emulator', () => {
  it('starts nothing before calicoctl node run', () => {
    expect(install.enable).toEqual([]);
    for (const unit of Object.values(UNITS))
      expect(byPath.get(`/etc/systemd/system/${unit}`)?.text).toContain('WantedBy=multi-user.target');
  });

  it('contains the programs that the units run', () => {
    const found = install.files.flatMap(
      ({text}) => /^ExecStart=\/bin\/bash -c 'exec (\/usr\/local\S+)/m.exec(text ?? '')?.[1] ?? [],
    );
    expect(found).toEqual(['/usr/local/lib/calico/calico-felix', '/usr/local/lib/calico/calico-libnetwork']);
    for (const program of found) expect(byPath.get(program)).toMatchObject({mode: 0o755, program: program.split('/').at(-1)});
  });

  it("gives each program a directory of logs, as Calico's container", () => {
    const logs = install.files.flatMap(({text}) => /exec (\S+\/svlogd .*?)\)/.exec(text ?? '')?.[1] ?? []);
    const directory = '$${CALICO_LOG_DIR:-/var/log/calico}';
    expect(logs).toEqual([
      `/usr/local/lib/calico/svlogd "${directory}/felix"`,
      `/usr/local/lib/calico/svlogd -tt "${directory}/bird"`,
      `/usr/local/lib/calico/svlogd -tt "${directory}/bird6"`,
      `/usr/local/lib/calico/svlogd "${directory}/libnetwork"`,
    ]);
    expect(byPath.get('/usr/local/lib/calico/svlogd')?.mode).toBe(0o755);
  });

  it("masks Debian's BIRD units, and does not contain calicoctl, which hw5 installs", () => {
    expect(byPath.get('/etc/systemd/system/bird.service')?.text).toBe('');
    expect([...byPath.keys()].some((path) => path.endsWith('/calicoctl'))).toBe(false);
  });

  it('orders the units before Docker, which calls the plugin as soon as it starts', () => {
    for (const unit of Object.values(UNITS))
      expect(byPath.get(`/etc/systemd/system/${unit}`)?.text).toContain('\nBefore=docker.service\n');
  });
});
