/** What a file or a pipe holds: a whole HTTP answer, or only what was said. */
export interface RawAnswer {
  readonly status: number | undefined
  /** Names and values alternating; empty where there were none. */
  readonly headers: readonly string[]
  readonly body: string
}

const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})(?: .*)?$/
const HEADER_LINE = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/
/** How `curl -v` marks what it received; what it sent and what it remarks begin with `>` and `*`. */
const RECEIVED = /^< ?/
const REMARKED = /^(?:[*>{}] ?|[*>]$)/

/**
 * Takes an answer apart: as `curl -i` prints it (of several, such as a redirect's, the last), as `curl -v` does, or only a
 * body, an event stream, or a line of a log.
 */
export function readRawAnswer(text: string): RawAnswer {
  const lines = withoutMarks(text.split(/\r?\n/))
  let at = 0
  while (at < lines.length && lines[at]?.trim() === '') at += 1
  let status: number | undefined
  let headers: string[] = []
  // An interim answer, a proxy's or a redirect's stands before the one that counts.
  for (let found = STATUS_LINE.exec(lines[at] ?? ''); found !== null; found = STATUS_LINE.exec(lines[at] ?? '')) {
    status = Number(found[1])
    headers = []
    for (at += 1; at < lines.length; at += 1) {
      const [, name, value] = HEADER_LINE.exec(lines[at] ?? '') ?? []
      if (name === undefined || value === undefined) break
      headers.push(name.toLowerCase(), value)
    }
    while (at < lines.length && lines[at] === '') at += 1
  }
  if (status === undefined) return { status, headers, body: text }
  return { status, headers, body: unchunked(lines.slice(at).join('\n'), headers) }
}

/** The lines `curl -v` has received, and the body between them. */
function withoutMarks(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => STATUS_LINE.test(line.replace(RECEIVED, '')) && line.startsWith('<'))) return lines
  return lines.filter((line) => !REMARKED.test(line) || /^\{\s*"/.test(line)).map((line) => line.replace(RECEIVED, ''))
}

/** A body written down in the pieces in which it came (RFC 9112 §7.1), as it was meant. */
function unchunked(body: string, headers: readonly string[]): string {
  const coding = headers[headers.indexOf('transfer-encoding') + 1]
  if (!headers.includes('transfer-encoding') || !coding?.toLowerCase().includes('chunked')) return body
  const lines = body.split('\n')
  if (!/^[\da-f]{1,8}(?:;.*)?$/i.test(lines[0] ?? '')) return body
  return lines.filter((_, index) => index % 2 === 1).join('')
}
