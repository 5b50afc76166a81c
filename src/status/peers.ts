import type {BgpPeer} from './status.js';

/** Reads the table of `calicoctl node status`. A cell that was wrapped goes on in the next row, whose first cell is empty. */
export function parsePeers(text: string): readonly BgpPeer[] {
  const rows: string[][] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) continue;
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length !== 5 || cells[0] === 'PEER ADDRESS') continue;
    const previous = rows.at(-1);
    if (cells[0] === '' && previous)
      cells.forEach((cell, index) => {
        if (cell !== '') previous[index] = `${previous[index]} ${cell}`.trim();
      });
    else rows.push(cells);
  }
  return rows.map(([address, type, state, since, info]) => ({
    address: address!,
    type: type!,
    state: state!,
    since: since!,
    info: info!,
  }));
}
