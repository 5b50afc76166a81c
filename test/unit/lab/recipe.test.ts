import {describe, expect, it} from 'vitest';
import {buildEnvironment} from '../../../src/lab/base/build-script.js';
import {type BaseRecipe, neededAptSettings, recipeKey, sourcesList} from '../../../src/lab/base/recipe.js';

const recipe: BaseRecipe = {
  suite: 'bookworm',
  architecture: 'amd64',
  sources: [
    {uri: 'http://m.example/debian', suite: 'bookworm'},
    {uri: 'http://m.example/security', suite: 'bookworm-security'},
  ],
  aptSettings: '',
  packages: ['b', 'a', 'b'],
  user: 'hw5',
};

describe('the recipe of the base file system', () => {
  it('has the same key for any order of the packages', () => {
    expect(recipeKey({...recipe, packages: ['a', 'b']})).toBe(recipeKey(recipe));
  });

  it.each([
    {packages: ['a']},
    {sources: recipe.sources.slice(0, 1)},
    {aptSettings: 'Acquire::Check-Date "false";'},
    {architecture: 'arm64'},
    {suite: 'trixie'},
    {user: 'admin'},
  ])('has another key with %j', (change) => {
    expect(recipeKey({...recipe, ...change})).not.toBe(recipeKey(recipe));
  });

  it('lists every source', () => {
    expect(sourcesList(recipe)).toBe(
      'deb http://m.example/debian bookworm main\ndeb http://m.example/security bookworm-security main\n',
    );
  });

  it('gives each package to apt once', () => {
    expect(buildEnvironment(recipe).PACKAGES).toBe('a b');
  });

  it('takes over the apt settings without which apt fails, and no credentials', () => {
    const dump = `Acquire "";
Acquire::Check-Valid-Until "false";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy "http://user:secret@proxy.example:3128";
Acquire::http::Proxy::private.example "DIRECT";
Acquire::Languages "none";
`;
    expect(neededAptSettings(dump)).toBe(
      'Acquire::Check-Valid-Until "false";\nAcquire::http::Proxy "http://proxy.example:3128";',
    );
  });
});
