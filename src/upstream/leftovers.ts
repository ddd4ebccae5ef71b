import type { Dialect } from '../dialects/index.ts'
import type { FailoverError } from '../failure/index.ts'
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
  const body = jsonIn(text)
  const failure = dialect.errorOf(body)
  if (failure !== undefined) {
    return errors.inAnswer(`answered with an error: ${failure.message}`, { reason: failure.reason, body })
  }
  if (text.startsWith('<')) return errors.inAnswer('answered with an HTML page', { reason: 'bad_response', body: text })
  if (sawEvent) return undefined
  return errors.inAnswer('answered with something that is no event stream', {
    reason: 'bad_response',
    body: body ?? text,
  })
}

function jsonIn(text: string): unknown {
  const field = /^error:\s*(\{.*)$/s.exec(text)?.[1]
  try {
    return field === undefined ? JSON.parse(text) : { error: JSON.parse(field) }
  } catch {
    return undefined
  }
}
