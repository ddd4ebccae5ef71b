import type { Dialect } from '../dialects/index.ts'
import { FailoverError } from '../failure/index.ts'
import { type ByteStream, readWhole } from '../transport/index.ts'
import { type AnswerErrors, judgeWholeAnswer } from '../upstream/index.ts'
import { cancelable } from './cancelable.ts'

interface WholeAnswerOptions {
  readonly bytes: ByteStream
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly signal: AbortSignal
  readonly maxResponseBytes: number
  /** Called with the parsed answer before it is handed out. */
  readonly onEvent: ((event: unknown) => void) | undefined
}

/** A non-streaming answer: one event, the parsed body. Throws where the body is, or reports, a failure. */
export function readWholeAnswer(options: WholeAnswerOptions): AsyncIterableIterator<unknown, undefined> {
  const { bytes, dialect, errors, signal, maxResponseBytes, onEvent } = options
  return cancelable(
    async function* (isCanceled) {
      const { text, isCut } = await readWhole(bytes, maxResponseBytes).catch((cause: unknown) => {
        signal.throwIfAborted()
        // A break of the connection is told in our own terms; anything else comes from undoing the content coding.
        throw cause instanceof FailoverError ? cause : errors.undecodable(cause)
      })
      if (isCanceled()) return
      if (isCut) throw errors.tooLarge(maxResponseBytes)
      const { body } = judgeWholeAnswer(text, dialect, errors)
      onEvent?.(body)
      yield body
    },
    () => bytes.cancel(),
  )
}
