import { anthropicError } from '../testing/fault-provider/anthropic-errors.ts'
import type { Dialect } from '../testing/fault-provider/dialect.ts'
import type { ErrorKind } from '../testing/fault-provider/fault.ts'
import { openaiError } from '../testing/fault-provider/openai-errors.ts'
import type { RejectStatus } from './scenario.ts'
import type { SimulatedTarget } from './target.ts'

/** Statuses with which a provider says that it cannot answer now. */
export const REFUSAL_STATUSES = [429, 500, 502, 503, 504, 529] as const
export type RefusalStatus = (typeof REFUSAL_STATUSES)[number]

/** What an attempt fails with, in the shape in which a transport reports it. */
export interface Refusal extends Error {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly code?: string
}

const DIALECTS: Readonly<Record<string, Dialect['error']>> = { openai: openaiError, anthropic: anthropicError }

/** What each status says, in the words of the dialect. */
const KINDS: Readonly<Record<RejectStatus | Exclude<RefusalStatus, 500 | 502>, ErrorKind>> = {
  401: 'invalid_key',
  402: 'insufficient_quota',
  403: 'permission',
  404: 'model_not_found',
  429: 'rate_limited',
  503: 'unavailable',
  504: 'timeout',
  529: 'overloaded',
}

/** A provider's answer that is none, under the status and in the words its dialect has for it. */
export function refusal(
  target: SimulatedTarget,
  status: RefusalStatus | RejectStatus,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  if (status === 502) return statusError(502, headers, '<html><body><h1>502 Bad Gateway</h1></body></html>')
  // That dialect's usual 403 is about countries, and no key's fault.
  if (status === 403 && target.dialect !== 'anthropic') return statusError(403, headers, KEY_WITHOUT_PERMISSION)
  const inDialect = DIALECTS[target.dialect] ?? openaiError
  const kind = status === 500 ? 'server_error' : KINDS[status]
  const said = inDialect(kind, { model: target.model, serial: 'simulated' })
  return statusError(said.status, headers, said.body)
}

/** https://platform.openai.com/docs/guides/error-codes */
const KEY_WITHOUT_PERMISSION = {
  error: {
    message: 'The account associated with this API key has been deactivated.',
    type: 'invalid_request_error',
    param: null,
    code: 'account_deactivated',
  },
}

/** No connection comes about. */
export function unreachable(target: SimulatedTarget, how: 'refused' | 'dns'): Refusal {
  const { hostname } = new URL(target.origin)
  return how === 'refused'
    ? Object.assign(new Error(`connect ECONNREFUSED ${hostname}`), { code: 'ECONNREFUSED' })
    : Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
}

/** A stream that has begun breaks off. */
export function brokenOff(): Refusal {
  return Object.assign(new Error('the stream ended before its answer was complete'), { code: 'ECONNRESET' })
}

function statusError(status: number, headers: Readonly<Record<string, string>>, body: unknown): Refusal {
  const text = typeof body === 'string' ? 'an HTML page' : JSON.stringify(body)
  return Object.assign(new Error(`answered ${status}: ${text}`), { status, headers, body })
}
