import { type AnswerFlaw, type AnswerFormat, errorObjectOf, flawNamed, formatOf } from '../dialects/index.ts'

/** What the events of a 200 answer come to. */
export type AnswerReading =
  /** One of them reports a failure. */
  | { readonly is: 'error'; readonly event: unknown }
  | { readonly is: 'flawed'; readonly flaw: AnswerFlaw; readonly message: string }
  | { readonly is: 'sound' }
  /** No answer of any format that is known. */
  | { readonly is: 'foreign' }

/**
 * Judges an answer, whatever its format; the first event that belongs to one tells.
 *
 * @param isWhole the events are all there is: an end that is not among them was missing
 */
export function readAnswer(events: readonly unknown[], isWhole: boolean): AnswerReading {
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
    return verdict === undefined ? { is: 'sound' } : { is: 'flawed', ...verdict }
  }
  if (isWhole) return { is: 'flawed', ...flawNamed('cut_short') }
  return events.some((event) => format.isContent(event)) ? { is: 'sound' } : { is: 'flawed', ...flawNamed('empty') }
}

function firstFormat(events: readonly unknown[]): AnswerFormat | undefined {
  for (const event of events) {
    const format = formatOf(event)
    if (format !== undefined) return format
  }
  return undefined
}
