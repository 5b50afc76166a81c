import {describe, expect, it} from 'vitest';
import {givenCommand} from '../../../src/cli/given-command.js';

const given = (...words: string[]) => givenCommand(words, 'hw5 lab ssh [options] <machine>');

describe('the command to run in a machine or a task', () => {
  it('is what follows the name, with or without the separator', () => {
    expect(given('id', '-un')).toEqual(['id', '-un']);
    expect(given('--', 'id', '-un')).toEqual(['id', '-un']);
    expect(given()).toEqual([]);
  });

  it('is not an option of hw5 that was written after the name', () => {
    expect(() => given('--name', 'big')).toThrow('--name is not a command');
    expect(() => given('--name', 'big')).toThrow(
      expect.objectContaining({hint: 'options come before the name: `hw5 lab ssh [options] <machine>`', exitCode: 2}),
    );
  });
});
