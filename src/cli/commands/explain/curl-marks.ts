import { isStatusLine, readStatusLine } from './status-line.ts'
import { afterBlankLines, lineAt, withoutEnd } from './text-lines.ts'

/*
 * `curl -v` marks the heads it received with `<` and those it sent with `>`; `*` is in front of its own remarks. Bodies
 * are not marked. https://curl.se/docs/manpage.html#-v
 */

const SENT_REQUEST = /^> [A-Z]+ \S+ HTTP\/\d/
const REMARK = /^(?:\*(?: |$)|curl: \(\d+\) )/
/** How much went over the line, said where the body goes elsewhere than to the terminal. */
const AMOUNT = /^[{}] \[\d+ bytes data\]$/
/** The progress meter draws over itself. What curl says next may stand in the same line. */
const METER = /\r(?!\n)[\d .:kMGTP-]{40,120}\n?/g
/** Remarks that follow a body at once, in its last line where it has no line end of its own. */
const LAST_REMARKS = ['* Connection #', '* Closing connection'] as const

/**
 * The last answer of what `curl -v` printed, as `curl -i` would have printed it; any other text as it is.
 *
 * @param text a character for each byte
 */
export function withoutMarks(text: string): string {
  if (!isMarked(text)) return text
  const { head, body, statusLines } = lastAnswer(linesOf(text.replace(METER, '')))
  const start = body.findIndex((line) => !isRemark(line))
  const rest = start < 0 ? '' : withoutLastRemarks(body.slice(start))
  // With `-iv` the heads are printed once more, unmarked, in front of the body.
  return statusLines.has(firstLineOf(rest)) ? rest : `${head.join('')}\n${rest}`
}

function isMarked(text: string): boolean {
  return !isStatusLine(firstLineOf(text)) && linesOf(text.replace(METER, '')).some((line) => isMarkedHead(line))
}

function isMarkedHead(line: string): boolean {
  return line.startsWith('<') && isStatusLine(withoutEnd(unmarked(line)))
}

interface MarkedAnswer {
  /** Lines with their ends, without marks. */
  readonly head: readonly string[]
  /** Lines with their ends, remarks among them. */
  readonly body: readonly string[]
  /** Those of all answers. */
  readonly statusLines: ReadonlySet<string>
}

function lastAnswer(lines: readonly string[]): MarkedAnswer {
  const statusLines = new Set<string>()
  let head: string[] = []
  let body: string[] = []
  let place: 'before' | 'head' | 'body' = 'before'
  let mayHeadFollow = true
  for (const line of lines) {
    if (mayHeadFollow && isMarkedHead(line)) {
      const statusLine = withoutEnd(unmarked(line))
      statusLines.add(statusLine)
      mayHeadFollow = readStatusLine(statusLine)?.isFollowed === true
      head = [unmarked(line)]
      body = []
      place = 'head'
    } else if (place === 'head' && line.startsWith('<')) {
      if (withoutEnd(unmarked(line)) === '') place = 'body'
      else head.push(unmarked(line))
    } else if (place === 'body') {
      // A request that was sent is answered: one that was tried again, or followed a redirect.
      if (SENT_REQUEST.test(line)) mayHeadFollow = true
      if (!AMOUNT.test(withoutEnd(line))) body.push(line)
    }
  }
  return { head, body, statusLines }
}

/** A body that ends with what curl remarks about the connection. */
function withoutLastRemarks(lines: readonly string[]): string {
  const last = lines.findLastIndex((line) => !isRemark(line))
  const lastLine = lines[last] ?? ''
  const before = lines.slice(0, last).join('')
  const at = Math.max(...LAST_REMARKS.map((remark) => lastLine.lastIndexOf(remark)))
  if (at >= 0) return before + lastLine.slice(0, at)
  // The line end in front of a remark is the remark's own; behind an empty line it ends an event of a stream.
  const isSeparate = last < lines.length - 1 && withoutEnd(lastLine) !== ''
  return before + (isSeparate ? withoutEnd(lastLine) : lastLine)
}

function isRemark(line: string): boolean {
  return REMARK.test(withoutEnd(line))
}

function unmarked(line: string): string {
  return line.slice(line[1] === ' ' ? 2 : 1)
}

/** Lines with their ends. */
function linesOf(text: string): readonly string[] {
  return text.split(/(?<=\n)/)
}

/** The first line that is not blank, without its end. */
function firstLineOf(text: string): string {
  return lineAt(text, afterBlankLines(text, 0))
}
