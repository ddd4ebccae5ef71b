import type { Dice } from './random.ts'

/** Everything that can go wrong with a provider here. */
export const FAULT_KINDS = [
  'rate_limit',
  'rate_limit_stated',
  'account_limit',
  'overloaded',
  'server_error',
  'html_error',
  'auth',
  'billing',
  'permission',
  'edge',
  'not_found',
  'invalid',
  'context',
  'content_filter',
  'silence',
  'slow',
  'reset',
  'refused',
  'dns',
  'plain_error',
  'odd_throw',
  'empty',
  'error_in_stream',
  'cut',
  'stall',
  'error_midway',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** A time in which something fails: whoever is asked for this key, model, origin, or any combination of them. */
export interface Fault {
  readonly kind: FaultKind
  readonly profile?: string
  readonly model?: string
  readonly origin?: string
  /** Only this share of the attempts. Absent: all of them. */
  readonly ratio?: number
  /** Epoch milliseconds, as `until`. */
  readonly from: number
  readonly until: number
}

/** Stands in every key, again and again: where it shows up, a key or a good part of one has. */
export const KEY_MARK = 'QZKEY'

export function inventKey(dice: Dice): string {
  const piece = (): string => `${KEY_MARK}${dice.int(0, 36 ** 4).toString(36)}`
  return `${dice.pick(['sk-', 'key_', ''])}${piece()}${piece()}${piece()}${dice.int(1000, 9999)}`
}

/** What a provider that fails in this way throws before it has said anything. */
export function errorOf(kind: FaultKind, dice: Dice, apiKey: string | undefined): unknown {
  const error = bareError(kind, dice, echo(dice, apiKey))
  if (error instanceof Error && dice.chance(0.2)) dressUp(error, dice, apiKey ?? 'no key')
  return error
}

/** Errors as SDKs and careless functions make them: with the request they sent, in odd shapes, with cycles. */
function dressUp(error: Error, dice: Dice, apiKey: string): void {
  const { body } = error as { body?: unknown }
  switch (dice.int(0, 6)) {
    case 0:
      Object.assign(error, { request: { headers: { authorization: `Bearer ${apiKey}` } } })
      return
    case 1:
      Object.assign(error, { body: Object.assign(Object.create(null), body, { sent: apiKey }) })
      return
    case 2:
      Object.assign(error, { body: { said: body, sent: new Map([['key', apiKey]]) } })
      return
    case 3:
      Object.assign(error, { headers: new Headers({ 'x-echo': apiKey, 'retry-after': '1' }) })
      return
    case 4:
      Object.assign(error, { cause: new Error(`Bearer ${apiKey}`) })
      return
    case 5:
      Object.assign(error, { body: error })
      return
    default:
      Object.defineProperty(error, 'body', {
        get: () => {
          throw new Error(`unreadable ${apiKey}`)
        },
      })
  }
}

/** The key as a careless provider says it back. */
function echo(dice: Dice, apiKey: string | undefined): string {
  if (apiKey === undefined || dice.chance(0.8)) return ''
  return `${' '.repeat(dice.chance(0.3) ? 1 : 0)}${dice.chance(0.3) ? 'x '.repeat(dice.int(200, 260)) : ''} you sent ${apiKey}`
}

/** What is told in the midst of an answer. */
const MIDWAY = [
  'error_in_stream',
  'server_error',
  'rate_limit_stated',
  'content_filter',
  'invalid',
  'auth',
  'odd_throw',
] as const

function bareError(kind: FaultKind, dice: Dice, said: string): unknown {
  switch (kind) {
    case 'rate_limit':
      return answer(429, { type: 'rate_limit_error', message: `slow down${said}` })
    case 'rate_limit_stated':
      return answer(429, { type: 'rate_limit_error', message: `slow down${said}` }, statedWait(dice))
    case 'account_limit':
      return answer(429, { code: 'usage_limit_reached', message: `limit reached${said}` })
    case 'overloaded':
      return answer(529, { type: 'overloaded_error', message: `overloaded${said}` })
    case 'auth':
      return answer(401, { code: 'invalid_api_key', message: `no such key${said}` })
    case 'billing':
      return answer(dice.pick([402, 429]), { code: 'insufficient_quota', message: `pay first${said}` })
    case 'permission':
      return answer(403, { type: 'permission_error', message: `not for you${said}` })
    case 'edge':
      return Object.assign(new Error('forbidden'), { status: 403, body: '<html><body>blocked</body></html>' })
    case 'not_found':
      return answer(404, { code: 'model_not_found', message: `no such model${said}` })
    case 'invalid':
      return answer(400, { type: 'invalid_request_error', message: `bad parameter${said}` })
    case 'context':
      return answer(400, { code: 'context_length_exceeded', message: `too long${said}` })
    case 'content_filter':
      return answer(400, { code: 'content_filter', message: `refused${said}` })
    case 'html_error':
      return Object.assign(new Error('bad gateway'), { status: 502, body: '<html><body>bad gateway</body></html>' })
    case 'reset':
    case 'cut':
      return Object.assign(new Error(`read ECONNRESET${said}`), { code: 'ECONNRESET' })
    case 'refused':
      return Object.assign(new Error(`connect ECONNREFUSED${said}`), { code: 'ECONNREFUSED' })
    case 'dns':
      return Object.assign(new Error(`getaddrinfo ENOTFOUND api.example${said}`), {
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
      })
    case 'plain_error':
      return new Error(`boom${said}`)
    case 'odd_throw':
      return dice.pick<unknown>([`boom${said}`, undefined, null, 42, { message: `boom${said}` }, [said]])
    case 'error_midway':
      return bareError(dice.pick(MIDWAY), dice, said)
    case 'error_in_stream':
      return answer(undefined, { type: 'overloaded_error', message: `overloaded${said}` })
    default:
      return answer(dice.pick([500, 503]), { type: 'api_error', message: `internal error${said}` })
  }
}

function statedWait(dice: Dice): Record<string, string> {
  const ms = dice.magnitude(50, 30_000)
  return dice.chance(0.5) ? { 'retry-after-ms': `${ms}` } : { 'retry-after': `${Math.ceil(ms / 1_000)}` }
}

function answer(status: number | undefined, error: object, headers: Record<string, string> = {}): Error {
  const said = { type: 'error', error }
  return Object.assign(new Error(`HTTP ${status} ${JSON.stringify(error)}`), {
    ...(status !== undefined && { status }),
    headers,
    body: said,
  })
}

/** What a model says that takes no prefill. */
export function refusedPrefill(dice: Dice): Error {
  const message = 'this model does not support assistant message prefill'
  return answer(dice.pick([400, 422]), { type: 'invalid_request_error', message })
}

/** The place in a text where a key shows up, for a person to see; undefined where none does. */
export function shownKey(text: string): string | undefined {
  const at = text.indexOf(KEY_MARK)
  return at < 0 ? undefined : text.slice(Math.max(0, at - 60), at + 40)
}
