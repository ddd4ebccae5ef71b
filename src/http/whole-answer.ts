import type { Dialect } from '../dialects/index.ts'
import { type ByteStream, readWhole } from '../transport/index.ts'
import type { AnswerErrors } from './answer-errors.ts'
import { cancelable } from './cancelable.ts'

interface WholeAnswerOptions {
  readonly bytes: ByteStream
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly maxResponseBytes: number
}

/** What an error keeps of a body that is no answer. */
const MAX_KEPT_CHARACTERS = 64 * 1024

/** A non-streaming answer: one event, the parsed body. Throws where the body is, or reports, a failure. */
export function readWholeAnswer(options: WholeAnswerOptions): AsyncIterableIterator<unknown, undefined> {
  return cancelable(
    async function* (isCanceled) {
      const answer = await parseAnswer(options, isCanceled)
      if (answer !== undefined) yield answer
    },
    () => options.bytes.cancel(),
  )
}

async function parseAnswer(options: WholeAnswerOptions, isCanceled: () => boolean): Promise<unknown> {
  const { bytes, dialect, errors, maxResponseBytes } = options
  const { text, isCut } = await readWhole(bytes, maxResponseBytes)
  if (isCanceled()) return undefined
  const refuse = (what: string): Error =>
    errors.inAnswer(what, { reason: 'bad_response', body: text.slice(0, MAX_KEPT_CHARACTERS) })
  if (isCut) throw refuse(`answered with more than ${maxResponseBytes} bytes`)
  if (text.trim() === '') throw refuse('answered with an empty body')
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw refuse(
      text.trimStart().startsWith('<') ? 'answered with an HTML page' : 'answered with something that is not JSON',
    )
  }
  const failure = dialect.errorOf(body)
  if (failure !== undefined)
    throw errors.inAnswer(`answered with an error: ${failure.message}`, { reason: failure.reason, body })
  if (!dialect.isWholeAnswer(body))
    throw errors.inAnswer('answered with something else than an answer', { reason: 'bad_response', body })
  const progress = dialect.startProgress()
  progress.observe(body)
  const verdict = progress.verdict()
  if (verdict !== undefined) throw errors.inAnswer(verdict.message, { reason: verdict.reason, body })
  return body
}
