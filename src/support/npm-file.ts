import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {packageFile} from './template.js';

/** The absolute path of a file of an npm package, named as in `import`: the copy that `npm run build` made under dist/vendor, or else the original. */
export function npmFile(name: string): string {
  const copy = packageFile(`dist/vendor/${name}`);
  return existsSync(copy) ? copy : createRequire(import.meta.url).resolve(name);
}
