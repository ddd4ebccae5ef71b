import { isEventText } from './stream-text.ts'

/** What is looked at of a body that is text. */
export interface Excerpt {
  readonly text: string
  /** It is not the whole body. */
  readonly isCut: boolean
}

/** How much is looked at of a body that is no answer, characters or bytes: no error says what it is later than this. */
export const MAX_ERROR_LENGTH = 65_536
/**
 * The same for what may be an answer. Only the whole of one tells that it is sound; beyond this it cannot be told, and
 * is not claimed to be broken.
 */
const MAX_ANSWER_LENGTH = 4 * 1024 * 1024
/** Of a longer stream, which may end with what went wrong, this part is taken from the beginning, the rest from the end. */
const HEAD_SHARE = 1 / 4
/** How much of a body tells what it is. */
const MAX_BEGINNING = 1_024

/** The body, or what is looked at of a long one; `undefined` where it is neither text nor bytes. */
export function excerptOf(body: unknown, isRefusal: boolean): Excerpt | undefined {
  if (typeof body === 'string') return cut(body.length, isRefusal, (from, to) => body.slice(from, to))
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body
  if (!(bytes instanceof Uint8Array)) return undefined
  return cut(bytes.length, isRefusal, (from, to) => new TextDecoder().decode(bytes.subarray(from, to)))
}

function cut(length: number, isRefusal: boolean, textOf: (from: number, to: number) => string): Excerpt {
  if (length <= MAX_ERROR_LENGTH) return { text: textOf(0, length), isCut: false }
  const mayBeAnswer = !isRefusal && looksLikeAnswer(textOf(0, MAX_BEGINNING))
  const maxLength = mayBeAnswer ? MAX_ANSWER_LENGTH : MAX_ERROR_LENGTH
  if (length <= maxLength) return { text: textOf(0, length), isCut: false }
  const headLength = maxLength * HEAD_SHARE
  const head = textOf(0, headLength)
  if (!isEventText(head.trimStart())) return { text: textOf(0, maxLength), isCut: true }
  const tail = textOf(length - maxLength + headLength, length)
  return { text: `${head}\n\n${withoutFirstLine(tail)}`, isCut: true }
}

/** Is it JSON, or events? Some servers send white space for as long as the model is not ready. */
function looksLikeAnswer(beginning: string): boolean {
  const text = beginning.trimStart()
  return text === '' || /^[{["]/.test(text) || isEventText(text)
}

/** The end of a line is no event; where it is all there is, it stays. */
function withoutFirstLine(text: string): string {
  return text.slice(text.indexOf('\n') + 1)
}
