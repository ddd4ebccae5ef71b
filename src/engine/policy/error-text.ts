import type { ClassifyInput } from '../../failure/index.ts'

/** Status, message and body as one lower-case text: all that the published designs look at. Never throws. */
export function errorText({ status, body, error }: ClassifyInput): string {
  return [textOf(status), textOf(body), errorTextOf(error)].join(' ').toLowerCase()
}

/** What both designs take for a rate limit. */
export function saysRateLimit(text: string): boolean {
  return ['429', 'rate limit', 'too many requests'].some((phrase) => text.includes(phrase))
}

function errorTextOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error)
  return [
    () => textOf((error as { status?: unknown }).status),
    () => error.message,
    () => textOf((error as { body?: unknown }).body),
  ]
    .map(orNothing)
    .join(' ')
}

/** Errors that hold errors are not looked into: one may hold itself. */
function textOf(part: unknown): string {
  if (part === undefined || part === null || part instanceof Error) return ''
  return orNothing(() => (typeof part === 'object' ? (JSON.stringify(part) ?? '') : String(part)))
}

function orNothing(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
