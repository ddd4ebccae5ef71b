import type { ToldError } from '../../dialects/index.ts'

/** What is said to whoever asks, or is still waiting, when the gateway stops. */
export const CLOSING = 'the gateway is closing; ask again'

/** A request that the gateway itself turns down, before any provider is asked. */
export class Refusal extends Error implements ToldError {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string
  /** Further response headers. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** What a client is told of a fault of the gateway itself, which is reported elsewhere. */
export function internalFault(): Refusal {
  return new Refusal(500, 'internal_error', 'the gateway itself failed; its log says more')
}
