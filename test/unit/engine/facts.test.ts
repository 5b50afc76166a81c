import {describe, expect, it} from 'vitest';
import {exists, fileHash, json, output, succeeds, textFile, unit} from '../../../src/engine/facts.js';

const result = (stdout: string, code = 0) => ({stdout, code});

describe('a fact about a unit', () => {
  const {parse, script} = unit('hw5-etcd.service');

  it('parses the output of systemctl show', () => {
    const text = 'LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nNRestarts=2\n';
    expect(parse(result(text))).toEqual({
      isLoaded: true,
      isActive: true,
      activeState: 'active',
      isPausing: false,
      isEnabled: true,
      isMasked: false,
      needsReload: false,
      restarts: 2,
    });
  });

  it('is neither loaded nor active for a unit that does not exist, or without systemd', () => {
    const absent = {isLoaded: false, isActive: false, isEnabled: false, needsReload: false, restarts: 0, activeState: 'inactive'};
    expect(
      parse(result('LoadState=not-found\nActiveState=inactive\nUnitFileState=\nNeedDaemonReload=no\nNRestarts=0\n')),
    ).toMatchObject(absent);
    expect(parse(result('', 1))).toMatchObject(absent);
  });

  it.each([
    ['ActiveState=activating', {isActive: false, activeState: 'activating'}],
    ['ActiveState=failed', {isActive: false, activeState: 'failed'}],
    ['ActiveState=activating\nSubState=start\nNRestarts=1', {isPausing: false}],
    ['ActiveState=activating\nSubState=start-pre\nNRestarts=0', {isPausing: false}],
    ['ActiveState=activating\nSubState=start-pre\nNRestarts=1', {isPausing: true}],
    ['ActiveState=activating\nSubState=auto-restart\nNRestarts=0', {isPausing: true}],
    ['UnitFileState=enabled-runtime', {isEnabled: true}],
    ['UnitFileState=disabled', {isEnabled: false}],
    ['LoadState=masked', {isMasked: true, isLoaded: false}],
    ['NeedDaemonReload=yes', {needsReload: true}],
  ])('parses %s', (line, expected) => {
    expect(parse(result(`${line}\n`))).toMatchObject(expected);
  });

  it('queries the unit by name', () => {
    expect(script).toContain(' hw5-etcd.service');
  });
});

describe('a fact about a file', () => {
  it('splits mode and content, which may be empty or end without a newline', () => {
    expect(textFile('/a').parse(result('600\na\nb'))).toEqual({mode: '600', content: 'a\nb'});
    expect(textFile('/a').parse(result('644\n'))).toEqual({mode: '644', content: ''});
  });

  it('is undefined if it is missing', () => {
    expect(textFile('/a').parse(result('', 3))).toBeUndefined();
    expect(fileHash('/a').parse(result('', 3))).toBeUndefined();
    expect(exists('/a').parse(result('', 1))).toBe(false);
  });

  it('quotes its path', () => {
    for (const fact of [textFile("/it's here"), fileHash("/it's here"), exists("/it's here")]) {
      expect(fact.script).toContain("'/it'\\''s here'");
    }
  });
});

describe('a fact from a script', () => {
  it('is its trimmed output, or undefined when it fails', () => {
    expect(output('x').parse(result(' a b \n'))).toBe('a b');
    expect(output('x').parse(result('half', 1))).toBeUndefined();
    expect(succeeds('x').parse(result('', 0))).toBe(true);
    expect(succeeds('x').parse(result('', 124))).toBe(false);
  });

  it('is the JSON it prints, or undefined when it is invalid', () => {
    expect(json('x').parse(result('{"a": 1}'))).toEqual({a: 1});
    expect(json('x').parse(result('Error: none'))).toBeUndefined();
    expect(json('x').parse(result('{"a": 1}', 1))).toBeUndefined();
  });
});
