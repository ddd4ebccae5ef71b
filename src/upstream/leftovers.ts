import type { Dialect } from '../dialects/index.ts'
import { type FailoverError, leftoverJson } from '../failure/index.ts'
import type { AnswerErrors } from './answer-errors.ts'

interface LeftoverContext {
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  /** The stream had at least one true event before. */
  readonly sawEvent: boolean
}

/**
 * What lines of a stream that belong to no event say about why it ended: a JSON error in place of a stream or behind
 * its events, `error: {…}` (llama.cpp until 2025), an HTML page. Absent where they say nothing.
 */
export function leftoverError(
  leftovers: string,
  { dialect, errors, sawEvent }: LeftoverContext,
): FailoverError | undefined {
  const text = leftovers.trim()
  if (text === '') return undefined
  const body = leftoverJson(text)
  const failure = dialect.errorOf(body)
  if (failure !== undefined) {
    return errors.inAnswer(`answered with an error: ${failure.message}`, { flaw: failure.flaw, body })
  }
  if (text.startsWith('<')) return errors.inAnswer('answered with an HTML page', { flaw: 'no_answer', body: text })
  if (sawEvent) return undefined
  return errors.inAnswer('answered with something that is no event stream', {
    flaw: 'no_answer',
    body: body ?? text,
  })
}
