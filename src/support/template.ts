import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** The package's root directory, relative to src/support and to dist/support. */
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
 * Replaces `{{name}}` by the value of that name. @throws Error when a value is missing or not used, which is a bug in the template
 */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  const used = new Set<string>();
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template needs {{${name}}}, which is missing`);
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
