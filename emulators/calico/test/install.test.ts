import {describe, expect, it} from 'vitest';
import {install} from '../src/install.js';
import {UNITS} from '../src/node/units.js';

const byPath = new Map(install.files.map((file) => [file.path, file]));

describe('what the lab preinstalls of Calico', () => {
  it('starts nothing before calicoctl node run', () => {
    expect(install.enable).toEqual([]);
    for (const unit of Object.values(UNITS))
      expect(byPath.get(`/etc/systemd/system/${unit}`)?.text).toContain('WantedBy=multi-user.target');
  });

  it('has the programs that the units run', () => {
    for (const {text} of install.files) {
      const program = /^ExecStart=(\/usr\/local\S+)/m.exec(text ?? '')?.[1];
      if (program !== undefined) expect(byPath.get(program)).toMatchObject({mode: 0o755, program: program.split('/').at(-1)});
    }
  });

  it("masks the distribution's own BIRD, and leaves calicoctl to hw5", () => {
    expect(byPath.get('/etc/systemd/system/bird.service')?.text).toBe('');
    expect([...byPath.keys()].some((path) => path.endsWith('/calicoctl'))).toBe(false);
  });

  it('orders the parts before Docker, which calls them as soon as it starts', () => {
    for (const unit of Object.values(UNITS))
      expect(byPath.get(`/etc/systemd/system/${unit}`)?.text).toContain('\nBefore=docker.service\n');
  });
});
