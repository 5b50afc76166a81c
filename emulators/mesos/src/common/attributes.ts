import type {Attribute} from './wire.js';

/** Reads `--attributes=rack:r1;level:3`. Numbers become SCALAR, other values TEXT. */
export function parseAttributes(text: string | undefined): Attribute[] {
  const parts = (text ?? '').split(';').filter((part) => part.trim() !== '');
  return parts.map((part): Attribute => {
    const colon = part.indexOf(':');
    const name = part.slice(0, colon).trim();
    const value = part.slice(colon + 1).trim();
    return value !== '' && Number.isFinite(Number(value))
      ? {name, type: 'SCALAR', scalar: {value: Number(value)}}
      : {name, type: 'TEXT', text: {value}};
  });
}

/** Attributes in the form of the state endpoints. */
export function attributesObject(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map((attribute) => [attribute.name, attribute.text?.value ?? attribute.scalar?.value ?? '']),
  );
}
