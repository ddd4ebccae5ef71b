/** Where the line after the one that begins here begins. */
export function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end + 1
}

/** The line that begins here, without its end. */
export function lineAt(text: string, from: number): string {
  return withoutEnd(text.slice(from, nextLine(text, from)))
}

/** A line without its end. */
export function withoutEnd(line: string): string {
  const end = line.endsWith('\n') ? line.length - 1 : line.length
  return line.slice(0, line[end - 1] === '\r' ? end - 1 : end)
}

/** Where the first line begins that is not blank. */
export function afterBlankLines(text: string, from: number): number {
  let at = from
  while (at < text.length && lineAt(text, at).trim() === '') at = nextLine(text, at)
  return at
}
