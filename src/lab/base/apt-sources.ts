/** One Debian archive the machines are made from. */
export interface AptSource {
  readonly uri: string;
  /** bookworm, bookworm-updates or bookworm-security */
  readonly suite: string;
}

export const SUITE = 'bookworm';
const SUITES = [SUITE, `${SUITE}-updates`, `${SUITE}-security`];

const DEFAULTS: readonly AptSource[] = [
  {uri: 'http://deb.debian.org/debian', suite: SUITE},
  {uri: 'http://deb.debian.org/debian', suite: `${SUITE}-updates`},
  {uri: 'http://deb.debian.org/debian-security', suite: `${SUITE}-security`},
];

/**
 * The mirrors for Debian 12 that the host's apt is configured with, so that the machines use a local mirror, too.
 * Where the host does not run bookworm, deb.debian.org.
 * @param files the content of /etc/apt/sources.list and the files of sources.list.d, both syntaxes
 */
export function debianSources(files: readonly {readonly name: string; readonly text: string}[]): readonly AptSource[] {
  const found = files.flatMap((file) => (file.name.endsWith('.sources') ? parseDeb822(file.text) : parseOneLine(file.text)));
  const own = SUITES.map((suite) => found.find((source) => source.suite === suite && /^https?:\/\/[^@]+$/.test(source.uri)));
  return own[0] ? own.filter((source) => source !== undefined) : DEFAULTS;
}

/** `deb [options] URI SUITE COMPONENT…` */
function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim());
    return match && match[3]!.split(/\s+/).includes('main') ? [{uri: trimSlash(match[1]!), suite: match[2]!}] : [];
  });
}

/** Paragraphs of `Field: value`; continuation lines are indented. */
function parseDeb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of paragraph.split('\n').filter((each) => !each.startsWith('#'))) {
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) last = field[1]!.toLowerCase();
      fields.set(last, field ? field[2]! : `${fields.get(last) ?? ''} ${line.trim()}`);
    }
    const words = (name: string): string[] => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || !words('components').includes('main')) return [];
    if (/^(no|false|0)$/i.test((fields.get('enabled') ?? '').trim())) return [];
    return words('uris').flatMap((uri) => words('suites').map((suite) => ({uri: trimSlash(uri), suite})));
  });
}

function trimSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}
