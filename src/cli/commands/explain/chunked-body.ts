/** How many bytes follow, in hexadecimal digits, and extensions that mean nothing to us (RFC 9112 §7.1). */
const SIZE_LINE = /([\da-f]{1,8})[\t ]{0,8}(?:;[^\r\n]*)?\r?\n/iy
const LINE_END = /\r?\n/y

/**
 * A body written down in the pieces in which it came, put together: `curl --raw` shows them. One that was put together
 * already, so that the lengths do not fit, stays as it is.
 *
 * @param body a character for each byte
 */
export function unchunked(body: string): string {
  // Where a file was written as text, on Windows, each line end of a piece may have grown by a byte.
  return joined(body) ?? joined(body.replaceAll('\r\n', '\n')) ?? body
}

/** Undefined where the lengths do not fit. Of a body that was cut off all that is there. */
function joined(body: string): string | undefined {
  const pieces: string[] = []
  for (let at = 0; at < body.length; ) {
    SIZE_LINE.lastIndex = at
    const [line, digits] = SIZE_LINE.exec(body) ?? []
    if (line === undefined || digits === undefined) return undefined
    const length = Number.parseInt(digits, 16)
    if (length === 0) return pieces.join('')
    const start = at + line.length
    const end = start + length
    // A body that begins with a line which only looks like a length, and too large a one, has no pieces.
    if (end > body.length && pieces.length === 0 && !line.endsWith('\r\n')) return undefined
    pieces.push(body.slice(start, end))
    if (end >= body.length) break
    LINE_END.lastIndex = end
    if (!LINE_END.test(body)) return undefined
    at = LINE_END.lastIndex
  }
  return pieces.join('')
}
