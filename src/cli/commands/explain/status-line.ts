const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})(?: (.*))?$/

/** The first line of an answer's head. */
export interface StatusLine {
  readonly status: number
  /** It was not the last word: the head of another answer may follow. */
  readonly isFollowed: boolean
}

/** @param line without its end */
export function readStatusLine(line: string): StatusLine | undefined {
  const [, digits, phrase = ''] = STATUS_LINE.exec(line) ?? []
  if (digits === undefined) return undefined
  const status = Number(digits)
  const isInterim = status < 200
  const isRedirect = status >= 300 && status < 400
  // A proxy has opened the way to the server (RFC 9110 §9.3.6); its phrase is all that tells it from an answer.
  const isTunnel = status === 200 && phrase.trim().toLowerCase() === 'connection established'
  return { status, isFollowed: isInterim || isRedirect || isTunnel }
}

export function isStatusLine(line: string): boolean {
  return readStatusLine(line) !== undefined
}
