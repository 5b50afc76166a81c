/** The number of insertions, deletions, replacements and swaps of adjacent letters that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({length: b.length + 1}, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) best = Math.min(best, beforeLast[column - 2]! + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** The candidate that was most likely meant; undefined when none is similar. Case, dashes and underscores are ignored: `known_hosts` is `knownHosts`. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string) => text.replaceAll(/[-_\s]/g, '').toLowerCase();
  const limit = Math.max(1, Math.floor(plain(word).length / 3));
  const [best] = candidates
    .map((candidate) => ({candidate, distance: editDistance(plain(word), plain(candidate))}))
    .filter(({distance, candidate}) => distance <= limit && distance < plain(candidate).length)
    .sort((a, b) => a.distance - b.distance);
  return best?.candidate;
}
