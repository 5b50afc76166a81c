import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** Where the package's own files stand, seen from src/support and from dist/support alike. */
const PACKAGE_ROOT = new URL('../../', import.meta.url);

/** The absolute path of a file of this package. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, PACKAGE_ROOT));
}

/** The text of a file under templates/. */
export function template(path: string): string {
  return readFileSync(packageFile(`templates/${path}`), 'utf8');
}

/**
 * Fills in `{{name}}`. @throws Error when the text names a value that is not given, or a given one is not used: both are bugs in a template.
 */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  const used = new Set<string>();
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template wants {{${name}}}, which is not given`);
    used.add(name);
    return String(value);
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`the template does not use ${unused.join(', ')}`);
  return filled;
}

/** A file under templates/ with its values filled in. */
export function render(path: string, values: Readonly<Record<string, string | number>>): string {
  return fill(template(path), values);
}
