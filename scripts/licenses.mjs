import {readdir, readFile} from 'node:fs/promises';

/** The npm packages that these files belong to, as directories below the package's root: `node_modules/chalk`. */
export function packagesIn(files) {
  const directories = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(directories)].filter((directory) => directory !== undefined).sort();
}

/** Name, version and license text of each package: most licenses require that copies of the code carry them. */
export async function licensesOf(packages, root) {
  const parts = await Promise.all(
    packages.map(async (directory) => {
      const {name, version, license, licenses} = JSON.parse(await readFile(`${root}${directory}/package.json`, 'utf8'));
      const identifier = license ?? licenses?.map(({type}) => type).join(', ') ?? 'see its repository';
      const file = (await readdir(root + directory)).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
      const text = file === undefined ? '' : `\n${(await readFile(`${root}${directory}/${file}`, 'utf8')).trim()}\n`;
      return `${name} ${version}: ${identifier}\n${text}`;
    }),
  );
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}
