/** The types of calicoctl's resources as its Go structs declare them: how a document is read into one, printed, and named in errors. */

/** A value of a resource: what is missing in the document is missing here, too. */
export type Value = unknown;

export interface Field {
  /** Its name in YAML and JSON. */
  readonly json: string;
  /** Its name in a Go template. */
  readonly go: string;
  readonly type: Type;
  /** Printed although it is empty. */
  readonly isAlwaysPrinted?: boolean;
  /** A pointer in Go: printed if it was given, also 0 and false. */
  readonly isPointer?: boolean;
}

export type Type =
  | {readonly is: 'string' | 'boolean' | 'integer' | 'float' | 'map'; readonly name: string}
  /** A string in the document that Go parses, or a number that may be given as a string. `parse` returns the normal form. */
  | {readonly is: 'parsed'; readonly name: string; readonly parse: (json: unknown) => Value}
  | {readonly is: 'list'; readonly name: string; readonly of: Type}
  | {readonly is: 'struct'; readonly name: string; readonly fields: readonly Field[]};

export const STRING: Type = {is: 'string', name: 'string'};
export const BOOLEAN: Type = {is: 'boolean', name: 'bool'};
export const INTEGER: Type = {is: 'integer', name: 'int'};
export const FLOAT: Type = {is: 'float', name: 'float64'};
/** Labels and annotations. */
export const STRING_MAP: Type = {is: 'map', name: 'map[string]string'};

export const listOf = (of: Type): Type => ({is: 'list', name: `[]${of.name}`, of});

export const struct = (name: string, fields: readonly Field[]): Type => ({is: 'struct', name, fields});

type FieldOptions = Pick<Field, 'isAlwaysPrinted' | 'isPointer'>;

/** A field whose Go name is that of the document with a capital letter unless it is given. */
export function field(json: string, type: Type, options: FieldOptions & {readonly go?: string} = {}): Field {
  const {go = json.charAt(0).toUpperCase() + json.slice(1), ...rest} = options;
  return {json, go, type, ...rest};
}
