import type { Dialect } from '../dialects/index.ts'
import type { Usage } from '../engine/index.ts'
import type { AnswerErrors } from './answer-errors.ts'

/** What an error keeps of a body that is no answer. */
const MAX_KEPT_CHARACTERS = 64 * 1024

/** A whole answer that was found good. */
export interface WholeAnswer {
  /** The parsed body. */
  readonly body: unknown
  readonly usage: Usage | undefined
}

/** Judges a non-streaming answer. @throws FailoverError where the body is, or reports, a failure */
export function judgeWholeAnswer(text: string, dialect: Dialect, errors: AnswerErrors): WholeAnswer {
  const refuse = (what: string): Error =>
    errors.inAnswer(what, { flaw: 'no_answer', body: text.slice(0, MAX_KEPT_CHARACTERS) })
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
    throw errors.inAnswer(`answered with an error: ${failure.message}`, { flaw: failure.flaw, body })
  if (!dialect.isWholeAnswer(body))
    throw errors.inAnswer('answered with something else than an answer', { flaw: 'no_answer', body })
  const progress = dialect.startProgress()
  progress.observe(body)
  const verdict = progress.verdict()
  // An answer that was cut off tells its reader so itself.
  if (verdict !== undefined && !verdict.hasContent) throw errors.inAnswer(verdict.message, { flaw: verdict.flaw, body })
  return { body, usage: dialect.usageOf(body) }
}
