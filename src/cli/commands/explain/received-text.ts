/*
 * While an answer is taken apart, its text has one character for each byte: the lengths of chunks are counted in bytes, and a
 * chunk may end in the middle of a character.
 */

const UTF8_MARK = '\xef\xbb\xbf'

/** What was received, a character for each byte; a byte order mark in front, and UTF-16 behind one, are undone. */
export function byteText(received: Uint8Array | string): string {
  const bytes = Buffer.from(received)
  const [first, second] = bytes
  // Windows PowerShell redirects in UTF-16.
  if (first === 0xff && second === 0xfe) return byteText(new TextDecoder('utf-16le').decode(bytes))
  if (first === 0xfe && second === 0xff) return byteText(new TextDecoder('utf-16be').decode(bytes))
  const text = bytes.toString('latin1')
  return text.startsWith(UTF8_MARK) ? text.slice(UTF8_MARK.length) : text
}

/** The text that these bytes mean in UTF-8, without a byte order mark in front. */
export function meaningOf(bytes: string): string {
  return new TextDecoder().decode(Buffer.from(bytes, 'latin1'))
}
