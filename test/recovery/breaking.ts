import type { DialectName } from './answer.ts'
import type { Recording } from './recordings.ts'

/** `fin` in the midst of a chunked body, `short` of a stated length; `clean` is the proper end of a chunked body. */
export const ENDINGS = ['fin', 'reset', 'clean', 'short'] as const
export type Ending = (typeof ENDINGS)[number]

/** Errors that a provider reports in the midst of a stream. The last one is the request's own fault. */
export const ERROR_KINDS = ['overloaded', 'server', 'limited', 'refused'] as const
export type ErrorKind = (typeof ERROR_KINDS)[number]

/** What comes behind such an error: the end, a break, silence, or the rest of the answer as if nothing had been. */
export const AFTER_ERROR = ['clean', 'fin', 'stall', 'on'] as const

/** How the first answer breaks; `at` is a place in its bytes. */
export type Breaking =
  | { readonly kind: 'none' }
  | { readonly kind: 'cut'; readonly at: number; readonly ending: Ending }
  | { readonly kind: 'stall'; readonly at: number }
  | {
      readonly kind: 'error'
      readonly at: number
      readonly error: ErrorKind
      readonly after: (typeof AFTER_ERROR)[number]
    }

export function nameOf(breaking: Breaking): string {
  switch (breaking.kind) {
    case 'none':
      return 'none'
    case 'cut':
      return `cut-${breaking.at}-${breaking.ending}`
    case 'stall':
      return `stall-${breaking.at}`
    case 'error':
      return `error-${breaking.at}-${breaking.error}-${breaking.after}`
  }
}

export function parseBreaking(name: string): Breaking {
  const [kind, place, how, after] = name.split('-')
  const at = Number(place)
  // Names are made by `nameOf`.
  if (kind === 'cut') return { kind, at, ending: how as Ending }
  if (kind === 'stall') return { kind, at }
  if (kind === 'error') return { kind, at, error: how, after } as Breaking
  if (kind === 'none') return { kind }
  throw new Error(`no way to break: ${name}`)
}

/** The beginning of the stream, and the end of each of its events. */
export function placesIn({ borders }: Recording): number[] {
  return [0, ...borders]
}

/** Such an error as an event of the stream. */
export function errorEvent(dialect: DialectName, kind: ErrorKind): string {
  return dialect === 'openai'
    ? `data: ${JSON.stringify({ error: OPENAI_ERRORS[kind] })}\n\n`
    : `event: error\ndata: ${JSON.stringify({ type: 'error', error: ANTHROPIC_ERRORS[kind] })}\n\n`
}

const OPENAI_ERRORS: Readonly<Record<ErrorKind, object>> = {
  overloaded: { message: 'The model is overloaded.', type: 'overloaded_error', code: 'overloaded' },
  server: { message: 'The server had an error.', type: 'server_error', code: null },
  limited: { message: 'Rate limit reached.', type: 'requests', code: 'rate_limit_exceeded' },
  refused: { message: 'Invalid value.', type: 'invalid_request_error', code: 'invalid_value' },
}
const ANTHROPIC_ERRORS: Readonly<Record<ErrorKind, object>> = {
  overloaded: { type: 'overloaded_error', message: 'Overloaded' },
  server: { type: 'api_error', message: 'Internal server error' },
  limited: { type: 'rate_limit_error', message: 'Rate limited' },
  refused: { type: 'invalid_request_error', message: 'Invalid value.' },
}
