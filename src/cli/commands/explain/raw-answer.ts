import { unchunked } from './chunked-body.ts'
import { withoutMarks } from './curl-marks.ts'
import { byteText, meaningOf } from './received-text.ts'
import { readStatusLine, type StatusLine } from './status-line.ts'
import { afterBlankLines, lineAt, nextLine } from './text-lines.ts'

/** What a file or a pipe holds: a whole HTTP answer, or only what was said. */
export interface RawAnswer {
  readonly status: number | undefined
  /** Names, in lower case, and values alternating; empty where there were none. */
  readonly headers: readonly string[]
  readonly body: string
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * Takes an answer apart: as `curl -i` prints it (of several, such as a redirect's, the last), as `curl -v` does, or only a
 * body, an event stream, or a line of a log.
 */
export function readRawAnswer(received: Uint8Array | string): RawAnswer {
  const text = withoutMarks(byteText(received))
  const head = lastHeadIn(text)
  if (head === undefined) return { status: undefined, headers: [], body: meaningOf(text) }
  const { statusLine, fields, end } = head
  const body = text.slice(end)
  return {
    status: statusLine.status,
    headers: fields.flat().map(meaningOf),
    body: meaningOf(isChunked(fields) ? unchunked(body) : body),
  }
}

interface Head {
  readonly statusLine: StatusLine
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Where the body begins. */
  readonly end: number
}

/** The head of the answer that counts; others stand before it only where theirs was not the last word. */
function lastHeadIn(text: string): Head | undefined {
  let head = headAt(text, 0)
  while (head?.statusLine.isFollowed === true) {
    const next = headAt(text, head.end)
    if (next === undefined) break
    head = next
  }
  return head
}

function headAt(text: string, from: number): Head | undefined {
  let at = afterBlankLines(text, from)
  const statusLine = readStatusLine(lineAt(text, at))
  if (statusLine === undefined) return undefined
  const fields: [name: string, value: string][] = []
  for (at = nextLine(text, at); at < text.length; at = nextLine(text, at)) {
    const line = lineAt(text, at)
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if (!HEADER_NAME.test(name)) break
    fields.push([name.toLowerCase(), line.slice(colon + 1).trim()])
  }
  return { statusLine, fields, end: afterBlankLines(text, at) }
}

function isChunked(fields: Head['fields']): boolean {
  return fields.some(([name, value]) => name === 'transfer-encoding' && value.toLowerCase().includes('chunked'))
}
