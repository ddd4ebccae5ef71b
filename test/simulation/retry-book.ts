/** Retries that an origin begins with and may save up, those it gains for each first try of a request, and for each second. */
const CAPACITY = 10
const FOR_EACH_FIRST_TRY = 0.1
const FOR_EACH_SECOND = 0.5
/** What rounding may amount to. */
const TOLERANCE = 0.001

interface Account {
  saved: number
  at: number
}

/** Keeps, for each origin, the account of how often it may be tried again. */
export class RetryBook {
  readonly #accounts = new Map<string, Account>()
  readonly #capacity: number

  /**
   * @param maxDelayMs the longest back-off: a retry is paid for before it, and heard of after it, so that up to so much
   *   more may have been saved up meanwhile
   */
  constructor(maxDelayMs: number) {
    this.#capacity = CAPACITY + 1 + (FOR_EACH_SECOND * maxDelayMs) / 1_000
  }

  /** A request tries a target of the origin for the first time. */
  first(origin: string, now: number): void {
    const account = this.#account(origin, now)
    account.saved = Math.min(this.#capacity, account.saved + FOR_EACH_FIRST_TRY)
  }

  /** @returns whether there was a retry left */
  again(origin: string, now: number): boolean {
    const account = this.#account(origin, now)
    account.saved -= 1
    return account.saved >= -TOLERANCE
  }

  #account(origin: string, now: number): Account {
    const account = this.#accounts.get(origin) ?? { saved: CAPACITY, at: now }
    account.saved = Math.min(this.#capacity, account.saved + (FOR_EACH_SECOND * (now - account.at)) / 1_000)
    account.at = now
    this.#accounts.set(origin, account)
    return account
  }
}
