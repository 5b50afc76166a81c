const NAMES = '(?:token|password|passwd|secret|api[-_]?key)';
/** The value of a setting, quoted or up to the next separator. The quotes of JSON within JSON are escaped. */
const SETTING = new RegExp(`(${NAMES}\\\\?["']?\\s*[=:]\\s*\\\\?)(?:(["'])(?:\\\\.|(?!\\2).)*\\2?|[^\\s"',;&]+)`, 'gi');
/** The value of an option, in the next word. */
const OPTION = new RegExp(`(--[\\w-]*${NAMES}\\s+)(?!-)\\S+`, 'gi');
const HEADER = /(authorization\\?["']?\s*[=:]\s*\\?["']?\w+\s+)[^\s"'\\]+/gi;
/** The password of a URL. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

/** A line of a foreign log without passwords, tokens and keys, as far as a name or the form of the line shows them. */
export function redact(line: string): string {
  return line
    .replaceAll(SETTING, '$1$2***$2')
    .replaceAll(OPTION, '$1***')
    .replaceAll(HEADER, '$1***')
    .replaceAll(URL_PASSWORD, '$1***');
}
