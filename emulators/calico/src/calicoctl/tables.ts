/** The two ways in which calicoctl draws tables. */

/** Go's text/tabwriter with minimum width 5 and padding 3, every cell ended by a tab: what `get` prints. */
export function tabTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows).map((width) => Math.max(width + 3, 5));
  return `${rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('')}\n`).join('')}\n`;
}

/** olekukonko/tablewriter wraps cells that are longer than this. */
const WRAP_AT = 30;

/** olekukonko/tablewriter with its defaults: centred headings in capitals, cells wrapped at 30 characters. What `node status` prints. */
export function boxTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = headings.map((heading) => heading.toUpperCase());
  // A wrapped cell keeps its column 30 wide, even when no line needs it.
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

/** Breaks a cell so that the lines but the last are as even as can be (least sum of squared gaps). */
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
