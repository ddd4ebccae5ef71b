import {
  type AnswerFlaw,
  type AnswerFormat,
  errorObjectOf,
  flawNamed,
  formatOf,
  isLackOfContent,
} from '../dialects/index.ts'

/**
 * How much of an answer its events are.
 *
 * - `all`: all there is, so that an end which is not among them was missing
 * - `some`: those that somebody handed on
 * - `cut`: we left some out, so that nothing can be said to be missing
 */
export type Extent = 'all' | 'some' | 'cut'

/** What the events of a 200 answer come to. */
export type AnswerReading =
  /** One of them reports a failure. */
  | { readonly is: 'error'; readonly event: unknown }
  | { readonly is: 'flawed'; readonly flaw: AnswerFlaw; readonly message: string }
  | { readonly is: 'sound' }
  /** No answer of any format that is known. */
  | { readonly is: 'foreign' }

/** Judges an answer, whatever its format; the first event that belongs to one tells. */
export function readAnswer(events: readonly unknown[], extent: Extent): AnswerReading {
  const format = firstFormat(events)
  for (const event of events) {
    const failure = format?.errorOf(event) ?? errorObjectOf(event)
    if (failure === undefined) continue
    const { flaw, message } = failure
    return flaw === undefined ? { is: 'error', event } : { is: 'flawed', flaw, message }
  }
  if (format === undefined) return { is: 'foreign' }
  const progress = format.startProgress()
  for (const event of events) progress.observe(event)
  if (progress.state !== 'open') {
    const verdict = progress.verdict()
    const isMadeUpFor = verdict === undefined || (extent === 'cut' && isLackOfContent(verdict.flaw))
    return isMadeUpFor ? { is: 'sound' } : { is: 'flawed', ...verdict }
  }
  if (extent === 'cut') return { is: 'sound' }
  if (extent === 'all') return { is: 'flawed', ...flawNamed('cut_short') }
  return events.some((event) => format.isContent(event)) ? { is: 'sound' } : { is: 'flawed', ...flawNamed('empty') }
}

function firstFormat(events: readonly unknown[]): AnswerFormat | undefined {
  for (const event of events) {
    const format = formatOf(event)
    if (format !== undefined) return format
  }
  return undefined
}
