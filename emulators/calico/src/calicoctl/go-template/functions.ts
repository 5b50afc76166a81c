import {type Datum, datumOf, isTrue, itemsOf, memberOf, textOf} from './datum.js';

export type TemplateFunction = (args: readonly Datum[]) => Datum;

/** The functions that every Go template has, without those for HTML and JavaScript. */
export const BUILT_IN: Readonly<Record<string, TemplateFunction>> = {
  and: (args) => args.find((one) => !isTrue(one)) ?? args.at(-1)!,
  or: (args) => args.find(isTrue) ?? args.at(-1)!,
  not: ([one]) => datumOf(!isTrue(one!)),
  len: ([one]) => datumOf(one!.type.is === 'list' || one!.type.is === 'map' ? itemsOf(one!).length : textOf(one!).length),
  index: ([of, ...keys]) => keys.reduce(itemAt, of!),
  print: (args) => datumOf(args.map(textOf).join('')),
  println: (args) => datumOf(`${args.map(textOf).join(' ')}\n`),
  printf: ([format, ...args]) => datumOf(formatted(textOf(format!), args)),
  eq: ([first, ...others]) => datumOf(others.some((one) => compare(first!, one) === 0)),
  ne: ([a, b]) => datumOf(compare(a!, b!) !== 0),
  lt: ([a, b]) => datumOf(compare(a!, b!) < 0),
  le: ([a, b]) => datumOf(compare(a!, b!) <= 0),
  gt: ([a, b]) => datumOf(compare(a!, b!) > 0),
  ge: ([a, b]) => datumOf(compare(a!, b!) >= 0),
};

function itemAt(of: Datum, key: Datum): Datum {
  if (of.type.is === 'map') return memberOf(of, textOf(key)) ?? datumOf('');
  const item = itemsOf(of)[Number(key.value)]?.[1];
  if (item === undefined) throw new Error(`error calling index: index out of range: ${textOf(key)}`);
  return item;
}

function compare(a: Datum, b: Datum): number {
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  const [left, right] = [textOf(a), textOf(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** `printf` with the verbs v, s, q, d, t, f and a width, as `%-20s`. */
function formatted(format: string, args: readonly Datum[]): string {
  const rest = [...args];
  const text = format.replaceAll(/%(-)?(\d*)(?:\.(\d+))?([vsqdtf%])/g, (_, left, width, precision, verb: string) => {
    if (verb === '%') return '%';
    const arg = rest.shift();
    if (arg === undefined) return `%!${verb}(MISSING)`;
    const plain = verb === 'f' ? Number(arg.value ?? 0).toFixed(Number(precision ?? 6)) : textOf(arg);
    const shown = verb === 'q' ? JSON.stringify(plain) : plain;
    return left === undefined ? shown.padStart(Number(width || 0)) : shown.padEnd(Number(width || 0));
  });
  return rest.length === 0 ? text : `${text}%!(EXTRA ${rest.map((one) => `${one.type.name}=${textOf(one)}`).join(', ')})`;
}
