/** The two formats of calicoctl's tables. */

/** The format of `get`: Go's text/tabwriter with minimum width 5 and padding 3, every cell terminated by a tab. */
export function tabTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows).map((width) => Math.max(width + 3, 5));
  return `${rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('')}\n`).join('')}\n`;
}

/** olekukonko/tablewriter wraps cells that are longer than this. */
const WRAP_AT = 30;

/**
 * The format of `node status`: olekukonko/tablewriter with its defaults, centred headings in capitals and cells wrapped at 30 characters.
 */
export function boxTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = headings.map((heading) => heading.toUpperCase());
  // The column of a wrapped cell is 30 wide, even when its lines are shorter.
  const widths = columnWidths([titles, ...rows]).map((width) => Math.min(width, WRAP_AT));
  const border = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const body = rows.flatMap((row) => {
    const wrapped = row.map(wrap);
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({length: height}, (_, n) => line(wrapped.map((lines, i) => (lines[n] ?? '').padEnd(widths[i] ?? 0))));
  });
  return [border, line(titles.map((title, i) => centre(title, widths[i] ?? 0))), border, ...body, border].join('');
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
}

function centre(text: string, width: number): string {
  const gap = width - text.length;
  const left = Math.floor(gap / 2);
  return ' '.repeat(left) + text + ' '.repeat(gap - left);
}

/** Wraps a cell as tablewriter does: with the smallest sum of the squared gaps of all lines but the last. */
function wrap(cell: string): string[] {
  if (cell.length <= WRAP_AT) return [cell];
  const words = cell.split(/\s+/);
  const best: {cost: number; lines: string[]}[] = [];
  for (let i = words.length - 1; i >= 0; i--) {
    const all = words.slice(i).join(' ');
    best[i] = {cost: all.length <= WRAP_AT ? 0 : Number.POSITIVE_INFINITY, lines: [all]};
    for (let j = i + 1; j < words.length && best[i]?.cost !== 0; j++) {
      const first = words.slice(i, j).join(' ');
      const gap = Math.max(WRAP_AT - first.length, 0);
      const rest = best[j];
      const cost = gap * gap + (rest?.cost ?? 0);
      if (rest !== undefined && first.length <= WRAP_AT && cost < (best[i]?.cost ?? 0))
        best[i] = {cost, lines: [first, ...rest.lines]};
    }
  }
  return best[0]?.lines ?? [cell];
}
