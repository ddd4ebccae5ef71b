import type { ToldError } from '../../dialects/index.ts'

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
