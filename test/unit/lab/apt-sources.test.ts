import {describe, expect, it} from 'vitest';
import {debianSources} from '../../../src/lab/base/apt-sources.js';

describe('the Debian mirrors', () => {
  it('are those of the computer in deb822 syntax', () => {
    const text = `# a comment
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm
  bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# http://snapshot.example
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;
    expect(debianSources([{name: 'debian.sources', text}])).toEqual([
      {uri: 'http://mirror.example/debian', suite: 'bookworm'},
      {uri: 'http://mirror.example/debian', suite: 'bookworm-updates'},
      {uri: 'http://mirror.example/debian-security', suite: 'bookworm-security'},
    ]);
  });

  it('are those of the computer in one-line syntax', () => {
    const text = `# deb http://no.example/debian bookworm main
deb [signed-by=/key.gpg arch=amd64] https://mirror.example/debian bookworm main contrib
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates contrib
`;
    expect(debianSources([{name: 'sources.list', text}])).toEqual([{uri: 'https://mirror.example/debian', suite: 'bookworm'}]);
  });

  it('are not those of other archives, of disabled entries, or with a password in them', () => {
    const files = [
      {name: 'sdk.list', text: 'deb https://packages.example/apt sdk-bookworm main\n'},
      {name: 'old.sources', text: 'Types: deb\nURIs: http://old.example\nSuites: bookworm\nComponents: main\nEnabled: no\n'},
      {name: 'own.list', text: 'deb https://user:secret@mirror.example/debian bookworm main\n'},
    ];
    expect(debianSources(files).map((source) => source.uri)).toEqual([
      'http://deb.debian.org/debian',
      'http://deb.debian.org/debian',
      'http://deb.debian.org/debian-security',
    ]);
  });

  it("are Debian's own where the computer runs something else", () => {
    const text = 'deb http://archive.ubuntu.example/ubuntu noble main\n';
    expect(debianSources([{name: 'sources.list', text}])[0]).toEqual({uri: 'http://deb.debian.org/debian', suite: 'bookworm'});
  });
});
