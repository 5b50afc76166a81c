import {goFloat} from './schema/problems.js';

/** Words that YAML 1.1 reads as booleans, nothing or a merge. */
const WORDS = /^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|null|Null|NULL|~|<<)$/;
const NUMBER =
  /^[-+]?(\d[\d_]*(\.\d*)?|\.\d+)([eE][-+]?\d+)?$|^[-+]?0[xob][\da-fA-F_]+$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/;
/** What YAML 1.1 reads as a number to the base of 60, like a time. */
const BASE_60 = /^[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/;

/** YAML as go-yaml prints it: members sorted, and a string that would be read as another type in double quotes. */
export function toYaml(value: unknown): string {
  return isEmpty(value) ? `${inline(value)}\n` : `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => indented(item, '- '));
  if (typeof value !== 'object' || value === null) return [inline(value)];
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, item]) => {
      const name = scalar(key);
      if (isEmpty(item) || typeof item !== 'object' || item === null) return [`${name}: ${inline(item)}`];
      // the items of a list are not indented
      return [`${name}:`, ...lines(item).map((line) => (Array.isArray(item) ? line : `  ${line}`))];
    });
}

function indented(value: unknown, mark: string): string[] {
  if (isEmpty(value)) return [`${mark}${inline(value)}`];
  return lines(value).map((line, i) => (i === 0 ? `${mark}${line}` : `  ${line}`));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object' && value !== null) return '{}';
  if (typeof value === 'string') return scalar(value);
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : goFloat(value);
}

function scalar(text: string): string {
  if (text === '' || WORDS.test(text) || NUMBER.test(text) || BASE_60.test(text)) return JSON.stringify(text);
  const hasControl = /[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]/.test(text);
  if (hasControl) return JSON.stringify(text);
  const needsQuotes = /^[#,[\]{}&*!|>'"%@`]|^[-?:](\s|$)|^(---|\.\.\.)|:(\s|$)|\s#|^\s|\s$/.test(text);
  return needsQuotes ? `'${text.replaceAll("'", "''")}'` : text;
}
