// Writes docs/schemas/: `npm run schemas`, after a change of a schema in src/cli/json/.
import {mkdir, rm, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {jsonSchemas} from './json-schemas.js';

const directory = fileURLToPath(new URL('../docs/schemas/', import.meta.url));
await rm(directory, {recursive: true, force: true});
await mkdir(directory, {recursive: true});
for (const [name, content] of jsonSchemas()) await writeFile(directory + name, content);
