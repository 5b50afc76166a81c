/** A line of a foreign log without the values that its names call secret. */
export function redact(line: string): string {
  return line.replaceAll(/((?:token|password|passwd|secret)["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi, '$1***');
}
