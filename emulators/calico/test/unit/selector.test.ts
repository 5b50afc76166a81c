import {describe, expect, it} from 'vitest';
import {parseSelector, SelectorError} from '../../src/model/selector.js';

const matches = (selector: string, labels: Readonly<Record<string, string>> = {}) =>
  parseSelector(selector).matches((name) => labels[name]);

describe('a selector', () => {
  const web = {role: 'web', env: 'prod', 'org.example/tier': '1'};

  it.each([
    ['', true],
    ['all()', true],
    ['all( )', true],
    ['!all()', false],
    ["role == 'web'", true],
    ['role == "web"', true],
    ["role=='db'", false],
    ["role != 'db'", true],
    ["role != 'web'", false],
    ['has(role)', true],
    ['has( missing )', false],
    ['!has(missing)', true],
    ['!!has(role)', true],
    ["role in {'db', 'web'}", true],
    ["role in {'db'}", false],
    ["role not in {'db', 'cache'}", true],
    ["role not in {'web'}", false],
    ['role in {}', false],
    ["org.example/tier == '1'", true],
    ["role == 'web' && env == 'prod'", true],
    ["role == 'web' && env == 'test'", false],
    ["role == 'db' || env == 'prod'", true],
    ["role == 'web' || role == 'db' && env == 'test'", true],
    ["(role == 'web' || role == 'db') && env == 'test'", false],
    ["!(role == 'db') && !has(x)", true],
    ["! has(x) && (((role == 'web')))", true],
  ])('%s on a web server of production: %s', (selector, expected) => {
    expect(matches(selector, web)).toBe(expected);
  });

  it('is fulfilled by a label that is missing if it excludes a value', () => {
    expect(matches("role != 'web'")).toBe(true);
    expect(matches("role not in {'web'}")).toBe(true);
    expect(matches("role == ''")).toBe(false);
    expect(matches("role in {''}")).toBe(false);
  });

  it.each([
    "role = 'web'",
    'role ==',
    'role == web',
    "role == 'web",
    "role in 'web'",
    "role in {'a' 'b'}",
    "role in {'a'",
    "(role == 'web'",
    "role == 'web')",
    "role == 'web' &&",
    "role == 'web' & env == 'prod'",
    "|| role == 'web'",
    'has()',
    'any()',
    'role',
    "role ~ 'web'",
    '!',
  ])('%s is invalid', (selector) => {
    expect(() => parseSelector(selector)).toThrow(SelectorError);
  });

  it('has one normal form, whatever its blanks, quotes and the order of a set', () => {
    const text = (selector: string) => parseSelector(selector).text;
    expect(text('')).toBe('all()');
    expect(text("a=='b'&&!has(c)")).toBe('(a == "b" && !has(c))');
    expect(text(`a not in { 'y', "x" } || b != 'q"q'`)).toBe(`(a not in {"x", "y"} || b != 'q"q')`);
  });
});
