import {describe, expect, it} from 'vitest';
import {toYaml} from '../../src/calicoctl/yaml.js';

describe('YAML as go-yaml prints it', () => {
  it('has sorted members, and lists without indentation', () => {
    expect(toYaml([{b: {d: [1, {y: 2, x: 1}], c: {}}, a: []}, 'text'])).toBe(
      '- a: []\n  b:\n    c: {}\n    d:\n    - 1\n    - x: 1\n      "y": 2\n- text\n',
    );
    expect(toYaml([])).toBe('[]\n');
  });

  // as printed by calicoctl v1.6.5
  it.each([
    ['', '""'],
    ['true', '"true"'],
    ['yes', '"yes"'],
    ['1', '"1"'],
    ['1:30', '"1:30"'],
    ['8000:8888', '8000:8888'],
    ['e1', 'e1'],
    ['all()', 'all()'],
    ["role == 'web'", "role == 'web'"],
    ['!has(x)', "'!has(x)'"],
    ['a: b', "'a: b'"],
    ["it's: b", "'it''s: b'"],
    ['# a', "'# a'"],
    ['198.18.0.0/24', '198.18.0.0/24'],
    ['ee:ee:ee:ee:ee:ee', 'ee:ee:ee:ee:ee:ee'],
    ['a\nb', '"a\\nb"'],
  ])('writes the string %j as %s', (text, expected) => {
    expect(toYaml([text])).toBe(`- ${expected}\n`);
  });

  it.each([
    [100, '100'],
    [1_000_000, '1000000'],
    [1_500_000.5, '1.5000005e+06'],
    [0.00001, '1e-05'],
    [1e21, '1e+21'],
  ])('writes the number %d as %s', (number, expected) => {
    expect(toYaml([number])).toBe(`- ${expected}\n`);
  });
});
