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
    for (const {text} of install.files) {
      const program = /^ExecStart=(\/usr\/local\S+)/m.exec(text ?? '')?.[1];
      if (program !== undefined) expect(byPath.get(program)).toMatchObject({mode: 0o755, program: program.split('/').at(-1)});
    }
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
