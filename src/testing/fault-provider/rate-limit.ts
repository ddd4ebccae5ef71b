import type { LimitState } from './dialect.ts'
import type { FaultRequest } from './request.ts'
import { matches } from './rules.ts'

/** A limit that really counts. Requests it refuses are not counted, nor are those a fault answers with an error. */
export interface RateLimitOptions {
  readonly requestsPerMinute: number
  /** What shares a count. Default `key`. */
  readonly by?: (typeof LIMIT_SCOPES)[number]
  /** Default `token_bucket`. A fixed window begins at each full minute since the provider started. */
  readonly algorithm?: (typeof LIMIT_ALGORITHMS)[number]
  /** Size of the token bucket: how many may come at once. Default: a minute's worth. */
  readonly burst?: number
  /** How a 429 says when to come back. Default `seconds`, rounded up. */
  readonly retryAfter?: (typeof RETRY_AFTER_FORMS)[number]
  /** Whether answers carry the dialect's rate-limit headers. Default true. */
  readonly headers?: boolean
  /** Only these keys, or models. Default: all. */
  readonly key?: string | readonly string[]
  readonly model?: string | readonly string[]
}

export const LIMIT_SCOPES = ['key', 'model', 'key+model', 'all'] as const
export const LIMIT_ALGORITHMS = ['token_bucket', 'fixed_window'] as const
export const RETRY_AFTER_FORMS = ['seconds', 'ms', 'date', 'none'] as const

export interface Verdict {
  readonly isAllowed: boolean
  readonly retryAfterMs: number
  readonly state: LimitState
}

interface Count {
  /** Token bucket: what is left, as of `atMs`. Fixed window: what is left of the window that began at `atMs`. */
  left: number
  atMs: number
}

const WINDOW_MS = 60_000

export class RateLimit {
  readonly options: RateLimitOptions
  readonly #counts = new Map<string, Count>()
  #startMs: number

  constructor(options: RateLimitOptions, startMs: number) {
    this.options = options
    this.#startMs = startMs
  }

  appliesTo(request: FaultRequest): boolean {
    return matches(this.options.key, request.key) && matches(this.options.model, request.model)
  }

  /** Takes one if there is one. */
  take(request: FaultRequest, nowMs: number): Verdict {
    const { requestsPerMinute, burst = requestsPerMinute, algorithm = 'token_bucket' } = this.options
    const id = this.#idOf(request)
    const isWindow = algorithm === 'fixed_window'
    const limit = isWindow ? requestsPerMinute : burst
    const count = this.#counts.get(id) ?? { left: limit, atMs: nowMs }
    this.#counts.set(id, count)

    const perMs = requestsPerMinute / WINDOW_MS
    const windowStartMs = nowMs - ((nowMs - this.#startMs) % WINDOW_MS)
    if (isWindow && count.atMs < windowStartMs) count.left = limit
    if (!isWindow) count.left = Math.min(limit, count.left + (nowMs - count.atMs) * perMs)
    count.atMs = nowMs

    // A hair of tolerance: refilling adds fractions, and their sum may miss 1 by less than a nanosecond's worth.
    const isAllowed = count.left >= 1 - 1e-9
    if (isAllowed) count.left = Math.max(0, count.left - 1)
    const windowLeftMs = windowStartMs + WINDOW_MS - nowMs
    return {
      isAllowed,
      retryAfterMs: isWindow ? windowLeftMs : Math.ceil((1 - count.left) / perMs),
      state: {
        limit,
        remaining: Math.floor(count.left + 1e-9),
        resetInMs: isWindow ? windowLeftMs : Math.ceil((limit - count.left) / perMs),
        nowMs,
      },
    }
  }

  retryHeaders(verdict: Verdict): Record<string, string> {
    switch (this.options.retryAfter ?? 'seconds') {
      case 'seconds':
        return { 'retry-after': `${Math.ceil(verdict.retryAfterMs / 1000)}` }
      case 'ms':
        return { 'retry-after-ms': `${verdict.retryAfterMs}` }
      case 'date':
        // Dates have whole seconds; round up, so that the one who obeys is not early.
        return {
          'retry-after': new Date(Math.ceil((verdict.state.nowMs + verdict.retryAfterMs) / 1000) * 1000).toUTCString(),
        }
      case 'none':
        return {}
    }
  }

  reset(startMs: number): void {
    this.#counts.clear()
    this.#startMs = startMs
  }

  #idOf(request: FaultRequest): string {
    const { by = 'key' } = this.options
    const key = by === 'key' || by === 'key+model' ? (request.key ?? '') : ''
    const model = by === 'model' || by === 'key+model' ? (request.model ?? '') : ''
    return JSON.stringify([key, model])
  }
}
