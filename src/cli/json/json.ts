import type * as z from 'zod';

/**
 * A value that JSON.stringify turns into a T: readonly, and with objects such as addresses or secrets in place of strings. The additional
 * properties of a loose object are not checked.
 */
type Serializable<T> = T extends string
  ? T | {toJSON(): T}
  : T extends readonly (infer Element)[]
    ? readonly Serializable<Element>[]
    : T extends object
      ? {readonly [Key in keyof T as string extends Key ? never : Key]: Serializable<T[Key]>}
      : T;

/**
 * Formats a command's `--json` output. The compiler checks it against the schema that docs/schemas/ publishes; at run time it is not checked.
 * @param indent spaces per level; 0 for one object per line
 */
export function formatJson<Schema extends z.ZodType>(_schema: Schema, value: Serializable<z.output<Schema>>, indent = 2): string {
  return `${JSON.stringify(value, null, indent)}\n`;
}
